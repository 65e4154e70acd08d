import { type RecordedEvent } from '#domain-kit'
import { type AppendPlace } from '../port.js'
import {
  all,
  expectPositions,
  mustAppend,
  newEvent,
  newEvents,
  newRequest,
  newStream,
  positionAfter,
  requestedIds,
  type Store,
} from './requests.js'

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
    const places: AppendPlace[] = []
    for (let each = 0; each < 4; each += 1) places.push(await mustAppend(store(), newRequest(newStream())))
    const [first = 0n, , , fourth = 0n] = places.map(({ position }) => position)
    const read = async (options: object): Promise<number[]> =>
      (await all(store().readAll(options))).map(({ position }) =>
        places.findIndex((each) => each.position === position),
      )
    expect(await read({ after })).toEqual([0, 1, 2, 3])
    expect(await read({ after: first, limit: 2 })).toEqual([1, 2])
    expect(await read({ after: first - 1n, limit: 2 })).toEqual([0, 1])
    expect(await read({ after: fourth })).toEqual([])
    expect(await read({ direction: 'backwards', limit: 3 })).toEqual([3, 2, 1])
    expect(await read({ direction: 'backwards', after: fourth, limit: 2 })).toEqual([2, 1])
    expect(await read({ limit: 0 })).toEqual([])
    expect(await read({ after, signal: AbortSignal.abort() })).toEqual([])
    const whole = await all(store().readAll())
    expect(await all(store().readAll({ direction: 'backwards' }))).toEqual(whole.toReversed())
    expectPositions(store(), 0n, whole)
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
    expectPositions(store(), before, events)
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
    const { position } = await mustAppend(store(), newRequest(stream))
    expect(position).toBe(positionAfter(store(), before, 2, position))
    expect(await all(store().readAll({ after: before }))).toHaveLength(2)
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
