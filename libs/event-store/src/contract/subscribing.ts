import { type RecordedEvent } from '#domain-kit'
import { type EventBatch, type EventStore } from '../port.js'
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
): Promise<EventBatch[]> {
  const stop = new AbortController()
  const batches: EventBatch[] = []
  let position = after
  for await (const batch of store().subscribe({ after, batch_max, signal: stop.signal })) {
    checkJoin(store(), batch, position, batch_max)
    batches.push(batch)
    position = batch.position
    const isThere = typeof until === 'bigint' ? position >= until : batch.events.some(({ id }) => until.includes(id))
    if (isThere) stop.abort()
  }
  return batches
}

function checkJoin(store: EventStore, batch: EventBatch, position: bigint, batch_max: number): void {
  const { after, events } = batch
  expect(after).toBe(position)
  expect(batch.position).toBeGreaterThan(after)
  expectPositions(store, after, events)
  const last = events.at(-1)?.position ?? 0n
  if (store.capabilities.gapFreePositions) expect(batch.position).toBe(last)
  else expect(batch.position).toBeGreaterThanOrEqual(last)
  expect(events.length).toBeLessThanOrEqual(batch_max)
}

const eventsOf = (batches: readonly EventBatch[]): RecordedEvent[] => batches.flatMap(({ events }) => events)

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
