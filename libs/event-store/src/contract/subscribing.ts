import { randomUUID } from 'node:crypto'
import { type RecordedEvent } from '#domain-kit'
import { type EventBatch, type EventFilter, type EventStore, type NewEvent } from '../port.js'
import {
  all,
  expectPositions,
  idsOf,
  mustAppend,
  newEvents,
  newRequest,
  newStream,
  requestedIds,
  type Store,
} from './requests.js'

/** Reads a subscription from `after` up to a position, or to an event. @throws Error where the batches do not join or one is too large. */
async function follow(
  store: Store,
  after: bigint,
  until: bigint | readonly string[],
  batch_max = 1_000,
  only?: EventFilter,
): Promise<EventBatch[]> {
  const stop = new AbortController()
  const batches: EventBatch[] = []
  let position = after
  const wanted = only ? { only } : {}
  for await (const batch of store().subscribe({ after, batch_max, ...wanted, signal: stop.signal })) {
    if (only) checkOrder(batch, position, batch_max)
    else checkJoin(store(), batch, position, batch_max)
    batches.push(batch)
    position = batch.position
    const isThere = typeof until === 'bigint' ? position >= until : batch.events.some(({ id }) => until.includes(id))
    if (isThere) stop.abort()
  }
  return batches
}

export function checkJoin(store: EventStore, batch: EventBatch, position: bigint, batch_max: number): void {
  const { after, events } = batch
  expect(after).toBe(position)
  expect(batch.position).toBeGreaterThan(after)
  expectPositions(store, after, events)
  const last = events.at(-1)?.position ?? 0n
  if (store.capabilities.gapFreePositions) expect(batch.position).toBe(last)
  else expect(batch.position).toBeGreaterThanOrEqual(last)
  expect(events.length).toBeLessThanOrEqual(batch_max)
}

/** Of those that are wanted there may be none. */
function checkOrder({ after, position, events }: EventBatch, before: bigint, batch_max: number): void {
  expect(after).toBe(before)
  const places = [after, ...events.map((event) => event.position)]
  expect(places).toEqual([...new Set(places)].sort((a, b) => (a < b ? -1 : 1)))
  expect(position).toBeGreaterThanOrEqual(places.at(-1) ?? 0n)
  expect(events.length).toBeLessThanOrEqual(batch_max)
}

const otherStream = (): string => `other-${randomUUID()}`
const vanished = (count: number): NewEvent[] => newEvents(count).map((event) => ({ ...event, type: 'ThingVanished' }))

export const eventsOf = (batches: readonly EventBatch[]): RecordedEvent[] => batches.flatMap(({ events }) => events)

export function describeSubscribing(store: Store): void {
  test('brings what was there, in batches of at most the size asked for', async () => {
    const after = await store().head()
    const request = newRequest(newStream(), { events: newEvents(10) })
    const { position } = await mustAppend(store(), request)
    const events = eventsOf(await follow(store, after, position, 3))
    expect(idsOf(events)).toEqual(requestedIds(request))
    const [, , , , , , seventh] = events
    expect(eventsOf(await follow(store, seventh?.position ?? 0n, position))).toEqual(events.slice(7))
  })

  test('goes on with what comes, without hole, while others write', async () => {
    const after = await store().head()
    await mustAppend(store(), newRequest(newStream(), { events: newEvents(50) }))
    const before = await all(store().readAll({ after }))
    const twentieth = before[19]?.position ?? 0n
    const last = newRequest(newStream())
    const following = [follow(store, after, requestedIds(last), 7), follow(store, twentieth, requestedIds(last))]
    const streams = Array.from({ length: 5 }, newStream)
    for (let round = 0; round < 20; round += 1)
      await Promise.all(streams.map((stream) => mustAppend(store(), newRequest(stream, { events: newEvents(2) }))))
    await mustAppend(store(), last)
    const log = idsOf(await all(store().readAll({ after })))
    const [whole = [], later = []] = await Promise.all(following)
    expect(idsOf(eventsOf(whole))).toEqual(log)
    expect(idsOf(eventsOf(later))).toEqual(log.slice(20))
  })

  test('a live batch is no larger than asked for either', async () => {
    const after = await store().head()
    const [first, second] = [newRequest(newStream()), newRequest(newStream(), { events: newEvents(5) })]
    const following = follow(store, after, requestedIds(second).slice(-1), 2)
    await mustAppend(store(), first)
    await mustAppend(store(), second)
    expect(idsOf(eventsOf(await following))).toEqual([first, second].flatMap(requestedIds))
  })

  test('ends when its signal aborts while nothing happens', async () => {
    const stop = new AbortController()
    const batches = all(store().subscribe({ after: await store().head(), signal: stop.signal }))
    stop.abort()
    expect(await batches).toEqual([])
  })
}

export function describeFilters(store: Store): void {
  test('brings only what is wanted, of what was there and of what comes, without hole', async () => {
    const after = await store().head()
    const old = newRequest(newStream(), { events: newEvents(5) })
    const aside = async (): Promise<unknown> =>
      Promise.all([
        mustAppend(store(), newRequest(otherStream(), { events: newEvents(3) })),
        mustAppend(store(), newRequest(newStream(), { events: vanished(3) })),
      ])
    await aside()
    await mustAppend(store(), old)
    await aside()
    const [, second] = await all(store().readStream(old.commandId.stream))
    const last = newRequest(newStream())
    const only = { aggregates: ['thing'], types: ['ThingHappened'] }
    const following = [
      follow(store, after, requestedIds(last), 4, only),
      follow(store, second?.position ?? 0n, requestedIds(last), 4, only),
    ]
    const fresh: string[] = []
    for (let round = 0; round < 10; round += 1) {
      await aside()
      const request = newRequest(newStream(), { events: newEvents(2) })
      await mustAppend(store(), request)
      fresh.push(...requestedIds(request))
    }
    await mustAppend(store(), last)
    const [whole = [], later = []] = await Promise.all(following)
    const expected = [...requestedIds(old), ...fresh, ...requestedIds(last)]
    expect(idsOf(eventsOf(whole))).toEqual(expected)
    expect(idsOf(eventsOf(later))).toEqual(expected.slice(2))
  })

  test('wanted by aggregate or by type alone', async () => {
    const after = await store().head()
    const requests = [
      newRequest(otherStream()),
      newRequest(newStream(), { events: vanished(1) }),
      newRequest(otherStream(), { events: vanished(1) }),
      newRequest(newStream()),
    ]
    for (const request of requests) await mustAppend(store(), request)
    const [, one = '', two = '', three = ''] = requests.flatMap(requestedIds)
    const brought = async (until: string, only: EventFilter): Promise<string[]> =>
      idsOf(eventsOf(await follow(store, after, [until], 100, only)))
    expect(await brought(three, { aggregates: ['thing'] })).toEqual([one, three])
    expect(await brought(two, { types: ['ThingVanished'] })).toEqual([one, two])
  })

  test('tells how far it is where nothing is wanted', async () => {
    const after = await store().head()
    const { position } = await mustAppend(store(), newRequest(newStream(), { events: newEvents(5) }))
    const batches = await follow(store, after, position, 2, { aggregates: ['nothing'] })
    expect(eventsOf(batches)).toEqual([])
  })
}
