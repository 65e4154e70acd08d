import { type EventBatch } from '../port.js'
import { all, idsOf, mustAppend, newEvents, newRequest, newStream, requestedIds, type Store } from './requests.js'

/** Reads a subscription from `after` up to a position. @throws Error where the batches do not join or one is too large. */
async function follow(store: Store, after: bigint, until: bigint, batch_max = 1_000): Promise<EventBatch[]> {
  const stop = new AbortController()
  const batches: EventBatch[] = []
  let position = after
  for await (const batch of store().subscribe({ after, batch_max, signal: stop.signal })) {
    checkJoin(batch, position, batch_max)
    batches.push(batch)
    position = batch.position
    if (position >= until) stop.abort()
  }
  return batches
}

function checkJoin(batch: EventBatch, position: bigint, batch_max: number): void {
  const positions = batch.events.map((event) => Number(event.position - position))
  const length = Number(batch.position - position)
  expect(batch.after).toBe(position)
  expect(positions).toEqual(Array.from({ length }, (_, at) => at + 1))
  expect(length).toBeGreaterThan(0)
  expect(length).toBeLessThanOrEqual(batch_max)
}

export function describeSubscribing(store: Store): void {
  test('brings what was there, in batches of at most the size asked for', async () => {
    const after = await store().head()
    const request = newRequest(newStream(), { events: newEvents(10) })
    await mustAppend(store(), request)
    const batches = await follow(store, after, after + 10n, 3)
    expect(idsOf(batches.flatMap(({ events }) => events))).toEqual(requestedIds(request))
    expect(await follow(store, after + 7n, after + 10n)).toMatchObject([{ after: after + 7n, position: after + 10n }])
  })

  test('goes on with what comes, without hole, while others write', async () => {
    const after = await store().head()
    await mustAppend(store(), newRequest(newStream(), { events: newEvents(50) }))
    const following = [follow(store, after, after + 250n, 7), follow(store, after + 20n, after + 250n)]
    const streams = Array.from({ length: 5 }, newStream)
    for (let round = 0; round < 20; round += 1)
      await Promise.all(streams.map((stream) => mustAppend(store(), newRequest(stream, { events: newEvents(2) }))))
    const log = idsOf(await all(store().readAll({ after })))
    const [whole = [], later = []] = await Promise.all(following)
    expect(idsOf(whole.flatMap(({ events }) => events))).toEqual(log)
    expect(idsOf(later.flatMap(({ events }) => events))).toEqual(log.slice(20))
  })

  test('a live batch is no larger than asked for either', async () => {
    const after = await store().head()
    const stop = new AbortController()
    const batches = store().subscribe({ after, batch_max: 2, signal: stop.signal })[Symbol.asyncIterator]()
    await mustAppend(store(), newRequest(newStream()))
    expect((await batches.next()).value).toMatchObject({ position: after + 1n })
    const next = batches.next()
    await mustAppend(store(), newRequest(newStream(), { events: newEvents(5) }))
    expect((await next).value).toMatchObject({ after: after + 1n, position: after + 3n })
    expect((await batches.next()).value).toMatchObject({ after: after + 3n, position: after + 5n })
    stop.abort()
    expect(await batches.return?.()).toMatchObject({ done: true })
  })

  test('ends when its signal aborts while nothing happens', async () => {
    const stop = new AbortController()
    const batches = all(store().subscribe({ after: await store().head(), signal: stop.signal }))
    stop.abort()
    expect(await batches).toEqual([])
  })
}
