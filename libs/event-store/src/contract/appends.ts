import { randomUUID } from 'node:crypto'
import { type AppendRequest, type AppendResult, type StreamWrite } from '../port.js'
import {
  all,
  idsOf,
  mustAppend,
  newEvent,
  newEvents,
  newRequest,
  newStream,
  positionAfter,
  requestedIds,
  type Store,
} from './requests.js'

export function describeExpectations(store: Store): void {
  // [expectation, on a stream without events, on a stream that ends at revision 1]
  const table: [StreamWrite['expected'], AppendResult['outcome'], AppendResult['outcome']][] = [
    ['none', 'appended', 'conflict'],
    ['exists', 'conflict', 'appended'],
    ['any', 'appended', 'appended'],
    [0n, 'conflict', 'conflict'],
    [1n, 'conflict', 'appended'],
    [2n, 'conflict', 'conflict'],
  ]
  test.each(table)('%s: %s without events, %s at revision 1', async (expected, onNone, onTwo) => {
    const none = newStream()
    expect((await store().append(newRequest(none, { expected }))).outcome).toBe(onNone)
    expect(await all(store().readStream(none))).toHaveLength(onNone === 'appended' ? 1 : 0)
    const two = newStream()
    await mustAppend(store(), newRequest(two, { expected: 'none', events: newEvents(2) }))
    expect((await store().append(newRequest(two, { expected }))).outcome).toBe(onTwo)
    expect(await all(store().readStream(two))).toHaveLength(onTwo === 'appended' ? 3 : 2)
  })

  test('the place is that of the last event', async () => {
    const stream = newStream()
    const before = await store().head()
    const place = await mustAppend(store(), newRequest(stream, { events: newEvents(3) }))
    const position = positionAfter(store(), before, 3, place.position)
    expect(place).toEqual({ stream, revision: 2n, position })
    expect(await store().head()).toBe(position)
  })
}

export function describeLimits(store: Store): void {
  test('what is beyond the limits is refused whole', async () => {
    const { limits } = store()
    const before = await store().head()
    const stream = newStream()
    const many = newRequest(stream, { events: newEvents(limits.events_per_append + 1) })
    const large = newRequest(stream, { events: [newEvent(), newEvent({ text: 'x'.repeat(limits.event_size_bytes) })] })
    const described = newRequest(stream, {
      events: [{ ...newEvent(), metadata: { actor: 'test', note: 'x'.repeat(limits.event_size_bytes) } }],
    })
    const half = { text: 'x'.repeat(limits.event_size_bytes - 1_024) }
    const halves = Math.floor(limits.append_size_bytes / limits.event_size_bytes) + 1
    const together = newRequest(stream, { events: Array.from({ length: halves }, () => newEvent(half)) })
    const long = newRequest(`thing-${'x'.repeat(limits.stream_name_bytes)}`)
    await expect(store().append(many)).rejects.toMatchObject({ limit: 'events_per_append', retryable: false })
    await expect(store().append(large)).rejects.toMatchObject({ limit: 'event_size_bytes', retryable: false })
    await expect(store().append(described)).rejects.toMatchObject({ limit: 'event_size_bytes', retryable: false })
    await expect(store().append(together)).rejects.toMatchObject({ limit: 'append_size_bytes', retryable: false })
    await expect(store().append(long)).rejects.toMatchObject({ limit: 'stream_name_bytes', retryable: false })
    expect(await store().head()).toBe(before)
  })

  test('what appends nothing is refused: there is no place to answer with', async () => {
    const before = await store().head()
    const stream = newStream()
    const nothing = newRequest(stream, { events: [] })
    for (const request of [nothing, { ...nothing, writes: [] }]) {
      await expect(store().append(request)).rejects.toMatchObject({
        name: 'RangeError',
        message: 'an append writes at least one event',
      })
      expect(await store().recall(request.commandId)).toBeUndefined()
    }
    expect(await store().head()).toBe(before)
    expect(await mustAppend(store(), newRequest(stream, { expected: 'none' }))).toMatchObject({ revision: 0n })
  })

  test('a name of which nobody could tell the aggregate is refused, and nothing of it happens', async () => {
    const before = await store().head()
    for (const stream of ['thing', '-1', 'Thing-1', 'thing 1', `${'x'.repeat(32)}-1`, 'thing-\0', ''])
      await expect(store().append(newRequest(stream))).rejects.toMatchObject({
        name: 'InvalidStreamName',
        stream,
        retryable: false,
      })
    expect(await store().head()).toBe(before)
    expect(await all(store().readAll({ after: before }))).toEqual([])
  })

  test('what is at the limits is taken, counted in bytes of UTF-8', async () => {
    const { limits } = store()
    const most = newRequest(newStream(), { events: newEvents(limits.events_per_append) })
    expect(await mustAppend(store(), most)).toMatchObject({ revision: BigInt(limits.events_per_append - 1) })
    const prefix = 'thing-'
    const named = (bytes: number): AppendRequest =>
      newRequest(`${prefix}${'é'.repeat((limits.stream_name_bytes - prefix.length) / 2)}${'x'.repeat(bytes)}`)
    expect(await mustAppend(store(), named(0))).toMatchObject({ revision: 0n })
    await expect(store().append(named(1))).rejects.toMatchObject({
      limit: 'stream_name_bytes',
      actual: limits.stream_name_bytes + 1,
      allowed: limits.stream_name_bytes,
    })
    // Characters of three bytes each; some room is left for which command it was.
    const wide = (bytes: number): AppendRequest =>
      newRequest(newStream(), { events: [newEvent({ text: '世'.repeat(bytes / 3) })] })
    expect(await mustAppend(store(), wide(limits.event_size_bytes - 1_024))).toMatchObject({ revision: 0n })
    await expect(store().append(wide(limits.event_size_bytes))).rejects.toMatchObject({
      limit: 'event_size_bytes',
      allowed: limits.event_size_bytes,
    })
  })
}

export function describeTips(store: Store): void {
  test('the event at the expected revision must be the one named', async () => {
    const stream = newStream()
    const first = newRequest(stream)
    await mustAppend(store(), first)
    const [tip = ''] = requestedIds(first)
    const other = await store().append(newRequest(stream, { expected: 0n, tip: randomUUID() }))
    expect(other).toMatchObject({ outcome: 'conflict', revision: 0n })
    await mustAppend(store(), newRequest(stream, { expected: 0n, tip }))
  })

  function chain(stream: string, from: bigint, firstTip: string | undefined, length: number): AppendRequest[] {
    let tip = firstTip
    return newEvents(length).map((event, at) => {
      const revision = from + BigInt(at) - 1n
      const request = newRequest(stream, {
        expected: revision === -1n ? 'none' : revision,
        ...(tip === undefined ? {} : { tip }),
        events: [event],
      })
      tip = event.id
      return request
    })
  }

  test('a chain sent without waiting is appended in order', async () => {
    const stream = newStream()
    const sent = chain(stream, 0n, undefined, 50)
    const results = await Promise.all(sent.map((each) => store().append(each)))
    expect(results.map(({ outcome }) => outcome)).toEqual(sent.map(() => 'appended'))
    expect(idsOf(await all(store().readStream(stream)))).toEqual(sent.flatMap(requestedIds))
  })

  test('when one of a chain fails, those behind fail too, whoever fills the revisions', async () => {
    const stream = newStream()
    const [first, ...rest] = chain(stream, 0n, undefined, 5)
    if (!first) throw new Error('a chain of 5 has a first')
    const others = newRequest(stream, { events: newEvents(3) })
    await mustAppend(store(), others)
    const results = await Promise.all([first, ...rest].map((each) => store().append(each)))
    expect(results.map(({ outcome }) => outcome)).toEqual([first, ...rest].map(() => 'conflict'))
    expect(idsOf(await all(store().readStream(stream)))).toEqual(requestedIds(others))
  })
}

export function describeConflicts(store: Store): void {
  test('the tail is what the writer has not seen', async () => {
    const stream = newStream()
    await mustAppend(store(), newRequest(stream, { events: newEvents(4) }))
    const events = await all(store().readStream(stream))
    const conflict = { outcome: 'conflict', stream, revision: 3n }
    expect(await store().append(newRequest(stream, { expected: 'none' }))).toEqual({ ...conflict, tail: events })
    expect(await store().append(newRequest(stream, { expected: 1n }))).toEqual({ ...conflict, tail: events.slice(2) })
    expect(await store().append(newRequest(stream, { expected: 9n }))).toEqual({ ...conflict, tail: [] })
  })

  test('each of a chain that fails is told what it has not seen', async () => {
    const stream = newStream()
    await mustAppend(store(), newRequest(stream, { events: newEvents(6) }))
    const events = await all(store().readStream(stream))
    const revisions = [2n, 0n, 1n, 4n, 0n, 3n]
    const sent = revisions.map((expected) => store().append(newRequest(stream, { expected, tip: randomUUID() })))
    const expected = revisions.map((revision) => events.slice(Number(revision) + 1))
    const conflicts = expected.map((tail) => ({ outcome: 'conflict', stream, revision: 5n, tail }))
    expect(await Promise.all(sent)).toEqual(conflicts)
  })

  test('a stream without events is at revision -1', async () => {
    const stream = newStream()
    const conflict = { outcome: 'conflict', stream, revision: -1n, tail: [] }
    expect(await store().append(newRequest(stream, { expected: 'exists' }))).toEqual(conflict)
    expect(await store().append(newRequest(stream, { expected: 4n }))).toEqual(conflict)
  })

  test('a tail beyond the bound is left out, the revision is still the current one', async () => {
    const stream = newStream()
    const { conflict_tail_events: most } = store().limits
    await mustAppend(store(), newRequest(stream, { events: newEvents(most) }))
    await mustAppend(store(), newRequest(stream, { events: newEvents(5) }))
    const result = await store().append(newRequest(stream, { expected: 'none' }))
    expect(result).toEqual({ outcome: 'conflict', stream, revision: BigInt(most) + 4n, tail: undefined })
  })

  test('so is one of too many bytes; a smaller one is sent', async () => {
    const stream = newStream()
    const { conflict_tail_bytes, event_size_bytes } = store().limits
    const text = 'x'.repeat(event_size_bytes - 2_048)
    const count = Math.floor(conflict_tail_bytes / text.length) + 1
    for (let at = 0; at < count; at += 1)
      await mustAppend(store(), newRequest(stream, { events: [newEvent({ text })] }))
    const about = { outcome: 'conflict', stream, revision: BigInt(count - 1) }
    expect(await store().append(newRequest(stream, { expected: 'none' }))).toEqual({ ...about, tail: undefined })
    const tail = await all(store().readStream(stream, { from: BigInt(count - 1) }))
    const behind = newRequest(stream, { expected: BigInt(count - 2) })
    expect(await store().append(behind)).toEqual({ ...about, tail })
  })

  test('a conflict leaves nothing behind: neither event nor key nor claim', async () => {
    const stream = newStream()
    const before = await store().head()
    const claims = [{ stream, name: 'once' }]
    const refused = newRequest(stream, { expected: 'exists', claims })
    expect((await store().append(refused)).outcome).toBe('conflict')
    expect(await store().recall(refused.commandId)).toBeUndefined()
    expect(await store().findClaim({ stream, name: 'once' })).toBeUndefined()
    const writes = [{ stream, expected: 'none' as const, events: newEvents(1) }]
    const { position } = await mustAppend(store(), { ...refused, writes })
    expect(position).toBe(positionAfter(store(), before, 1, position))
    expect(await all(store().readAll({ after: before }))).toHaveLength(1)
  })
}
