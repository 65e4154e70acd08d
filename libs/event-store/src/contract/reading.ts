import { type RecordedEvent } from '#domain-kit'
import { type AppendPlace } from '../port.js'
import {
  all,
  idsOf,
  mustAppend,
  newEvent,
  newEvents,
  newRequest,
  newStream,
  requestedIds,
  type Store,
} from './requests.js'

export function describeSeveralStreams(store: Store): void {
  test('are written together; the result speaks of the first', async () => {
    const [one, other] = [newStream(), newStream()]
    const writes = [
      { stream: one, expected: 'none' as const, events: newEvents(2) },
      { stream: other, expected: 'none' as const, events: newEvents(3) },
    ]
    const before = await store().head()
    const request = { ...newRequest(one), writes }
    const place = await mustAppend(store(), request)
    expect(place).toEqual({ stream: one, revision: 1n, position: before + 2n })
    expect(idsOf(await all(store().readAll({ after: before })))).toEqual(requestedIds(request))
    expect(await all(store().readStream(other))).toHaveLength(3)
    expect(await store().append(request)).toEqual({ outcome: 'replayed', ...place })
  })

  test('or not at all', async () => {
    const [one, other] = [newStream(), newStream()]
    const writes = [
      { stream: one, expected: 'none' as const, events: newEvents(1) },
      { stream: other, expected: 'exists' as const, events: newEvents(1) },
    ]
    const before = await store().head()
    const result = await store().append({ ...newRequest(one), writes })
    expect(result).toEqual({ outcome: 'conflict', stream: other, revision: -1n, tail: [] })
    expect(await store().head()).toBe(before)
  })

  test('a check binds a stream that is not written', async () => {
    const [written, checked] = [newStream(), newStream()]
    await mustAppend(store(), newRequest(checked, { events: newEvents(3) }))
    const stale = newRequest(written, { checks: [{ stream: checked, expected: 1n }] })
    const tail = await all(store().readStream(checked, { from: 2n }))
    expect(await store().append(stale)).toEqual({ outcome: 'conflict', stream: checked, revision: 2n, tail })
    expect(await all(store().readStream(written))).toEqual([])
    await mustAppend(store(), newRequest(written, { checks: [{ stream: checked, expected: 2n }] }))
    expect(await all(store().readStream(checked))).toHaveLength(3)
  })
}

export function describeReading(store: Store): void {
  const revisionsOf = async (events: AsyncIterable<RecordedEvent>): Promise<number[]> =>
    (await all(events)).map(({ revision }) => Number(revision))

  test('a stream in both directions, from a revision, up to a limit', async () => {
    const stream = newStream()
    await mustAppend(store(), newRequest(stream, { events: newEvents(5) }))
    const read = (options = {}): Promise<number[]> => revisionsOf(store().readStream(stream, options))
    expect(await read()).toEqual([0, 1, 2, 3, 4])
    expect(await read({ from: 3n })).toEqual([3, 4])
    expect(await read({ from: 5n })).toEqual([])
    expect(await read({ from: 1n, limit: 2 })).toEqual([1, 2])
    expect(await read({ direction: 'backwards' })).toEqual([4, 3, 2, 1, 0])
    expect(await read({ direction: 'backwards', from: 2n })).toEqual([2, 1, 0])
    expect(await read({ direction: 'backwards', from: 3n, limit: 2 })).toEqual([3, 2])
    expect(await read({ limit: 0 })).toEqual([])
  })

  test('a stream that nobody wrote has no events', async () => {
    expect(await all(store().readStream(newStream()))).toEqual([])
  })

  test('a stream longer than any page', async () => {
    const stream = newStream()
    for (let batch = 0; batch < 3; batch += 1) await mustAppend(store(), newRequest(stream, { events: newEvents(900) }))
    const expected = Array.from({ length: 2_700 }, (_, revision) => revision)
    expect(await revisionsOf(store().readStream(stream))).toEqual(expected)
    expect(await revisionsOf(store().readStream(stream, { direction: 'backwards' }))).toEqual(expected.toReversed())
  })

  test('the whole log in both directions, after a position, up to a limit', async () => {
    const after = await store().head()
    for (let each = 0; each < 4; each += 1) await mustAppend(store(), newRequest(newStream()))
    const read = async (options: object): Promise<number[]> =>
      (await all(store().readAll(options))).map(({ position }) => Number(position - after))
    expect(await read({ after })).toEqual([1, 2, 3, 4])
    expect(await read({ after: after + 1n, limit: 2 })).toEqual([2, 3])
    expect(await read({ direction: 'backwards', limit: 3 })).toEqual([4, 3, 2])
    expect(await read({ direction: 'backwards', after: after + 4n, limit: 2 })).toEqual([3, 2])
    expect(await all(store().readAll())).toHaveLength(Number(after) + 4)
  })

  test('an event comes back as it was written, with its place', async () => {
    const stream = newStream()
    const event = newEvent({
      text: 'Grüße, 世界 \u2028 "\\',
      nested: [{ a: null }, 1.5, true, ''],
      big: '9007199254740993',
    })
    const { position } = await mustAppend(store(), newRequest(stream, { events: [event] }))
    const [read] = await all(store().readStream(stream))
    expect(read).toMatchObject({ ...event, stream, aggregate: 'thing', revision: 0n, position })
    expect(read?.aggregateId).toBe(stream.slice('thing-'.length))
    expect(new Date(read?.time ?? '').toISOString()).toBe(read?.time)
    expect(await all(store().readAll({ after: position - 1n, limit: 1 }))).toEqual([read])
  })
}

export function describeOrder(store: Store): void {
  test('concurrent appends: positions without gap, revisions without hole, every place is its event', async () => {
    const streams = Array.from({ length: 10 }, newStream)
    const before = await store().head()
    const requests = Array.from({ length: 300 }, (_, at) =>
      newRequest(streams[at % 10] ?? '', { events: newEvents(1 + (at % 3)) }),
    )
    const places = await Promise.all(requests.map((each) => mustAppend(store(), each)))
    const events = await all(store().readAll({ after: before }))
    expect(events.map(({ position }) => position - before)).toEqual(events.map((_, at) => BigInt(at + 1)))
    expect(events.map(({ id }) => id).sort()).toEqual(requests.flatMap(requestedIds).sort())
    for (const stream of streams) {
      const own = events.filter((each) => each.stream === stream)
      expect(own.map(({ revision }) => revision)).toEqual(own.map((_, at) => BigInt(at)))
    }
    const placeById = new Map<string, AppendPlace>(
      events.map(({ id, stream, revision, position }) => [id, { stream, revision, position }]),
    )
    expect(places).toEqual(requests.map((each) => placeById.get(requestedIds(each).at(-1) ?? '')))
  })

  test('of concurrent appends at one revision one wins, and the others leave no gap', async () => {
    const stream = newStream()
    const before = await store().head()
    const requests = Array.from({ length: 20 }, () => newRequest(stream, { expected: 'none' }))
    const results = await Promise.all(requests.map((each) => store().append(each)))
    expect(results.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1)
    expect(results.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(19)
    expect((await mustAppend(store(), newRequest(stream))).position).toBe(before + 2n)
  })

  test('time never decreases, also when the clock does', async () => {
    const stream = newStream()
    await mustAppend(store(), newRequest(stream))
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000)
    try {
      await mustAppend(store(), newRequest(stream))
    } finally {
      clock.mockRestore()
    }
    await mustAppend(store(), newRequest(stream))
    const times = (await all(store().readStream(stream))).map(({ time }) => time)
    expect(times).toEqual(times.toSorted())
    expect(times).toHaveLength(3)
  })
}
