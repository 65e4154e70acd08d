import { type EventBatch, type EventStore, type StorePatience } from '#event-store'
import {
  eventually,
  type EventStoreDbSubject,
  eventStoreDbSubject,
  type EventStoreDouble,
  openEventStoreDouble,
  PATIENT,
} from '#testing'
import { all, idsOf, mustAppend, newEvents, newRequest, newStream, requestedIds } from '../../contract/requests.js'
import { foreignEvents } from '../../fixtures/foreign-events.js'
import { SHORT_ATTEMPTS, SHORT_PATIENCE } from '../../fixtures/short-patience.js'
import { Reading } from './reading.js'

let double: EventStoreDouble
let subject: EventStoreDbSubject
let store: EventStore

async function begin(nodes = 1, patience?: StorePatience): Promise<void> {
  double = await openEventStoreDouble({ nodes })
  subject = await eventStoreDbSubject(double.url, patience)
  ;({ store } = subject)
}
afterEach(async () => {
  jest.restoreAllMocks()
  await subject.close()
  await double.close()
})

/** Follows the log in the background; every batch must join the one before. */
class Listener {
  readonly batches: EventBatch[] = []
  position: bigint
  private readonly stop = new AbortController()
  private readonly listening: Promise<void>

  constructor(
    after = 0n,
    private readonly slowness: () => Promise<void> = async () => Promise.resolve(),
  ) {
    this.position = after
    this.listening = this.listen()
  }

  get ids(): string[] {
    return idsOf(this.batches.flatMap(({ events }) => events))
  }

  async hear(last: string): Promise<void> {
    await eventually('the last event is heard', () => this.ids.includes(last))
  }

  async close(): Promise<void> {
    this.stop.abort()
    await this.listening
  }

  private async listen(): Promise<void> {
    for await (const batch of store.subscribe({ after: this.position, signal: this.stop.signal })) {
      expect(batch.after).toBe(this.position)
      this.position = batch.position
      this.batches.push(batch)
      await this.slowness()
    }
  }
}

const lastOf = (request: Parameters<typeof requestedIds>[0]): string => requestedIds(request).at(-1) ?? ''

test('connections that break while others write: every event once, in order', async () => {
  await begin()
  const listener = new Listener()
  const stream = newStream()
  const requests = Array.from({ length: 60 }, () => newRequest(stream, { events: newEvents(3) }))
  for (const [at, request] of requests.entries()) {
    await mustAppend(store, request)
    if (at % 15 === 7) double.nodes[0].cut()
  }
  await listener.hear(lastOf(requests.at(-1)!))
  await listener.close()
  expect(listener.ids).toEqual(requests.flatMap(requestedIds))
})

test('a subscriber that is too slow is dropped by the server, and misses nothing', async () => {
  await begin()
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const listener = new Listener(0n, () => gate)
  const first = newRequest(newStream())
  await mustAppend(store, first)
  await listener.hear(lastOf(first))
  for (let count = 0; count < 12; count += 1)
    await mustAppend(store, newRequest(newStream(), { events: newEvents(500) }))
  release()
  const log = idsOf(await all(store.readAll()))
  await eventually('everything is heard', () => listener.ids.length === log.length)
  await listener.close()
  expect(listener.ids).toEqual(log)
})

test('a subscriber that leaves, by a break or by an error of its own, ends its call on the server', async () => {
  await begin()
  await mustAppend(store, newRequest(newStream()))
  for await (const _ of store.subscribe({ after: 0n })) {
    await eventually('it is live', () => double.nodes[0].subscriptions === 1)
    break
  }
  await eventually('the call has ended', () => double.nodes[0].subscriptions === 0)
  const failing = async (): Promise<void> => {
    for await (const _ of store.subscribe({ after: 0n })) {
      await eventually('it is live', () => double.nodes[0].subscriptions === 1)
      throw new Error('mine')
    }
  }
  await expect(failing()).rejects.toThrow('mine')
  await eventually('the call has ended', () => double.nodes[0].subscriptions === 0)
})

test('a leader that dies: the subscription goes on at the next one', async () => {
  await begin(3)
  const listener = new Listener()
  const [before, after] = [newRequest(newStream()), newRequest(newStream())]
  await mustAppend(store, before)
  await listener.hear(lastOf(before))
  await double.nodes[0].kill()
  double.nodes[1]?.lead()
  await mustAppend(store, after)
  await listener.hear(lastOf(after))
  await listener.close()
  expect(listener.ids).toEqual([before, after].flatMap(requestedIds))
})

test('a server that falls silent under an idle subscription is found out', async () => {
  await begin(1, SHORT_ATTEMPTS)
  const listener = new Listener()
  const [before, after] = [newRequest(newStream()), newRequest(newStream())]
  await mustAppend(store, before)
  await listener.hear(lastOf(before))
  double.nodes[0].silence()
  await expect(subject.another(SHORT_PATIENCE).append(after)).rejects.toMatchObject({ name: 'StoreUnavailable' })
  double.nodes[0].speak()
  // What was held back on the way may have been written meanwhile.
  expect(['appended', 'replayed']).toContain((await store.append(after)).outcome)
  await listener.hear(lastOf(after))
  await listener.close()
})

test('what is not of this log is left out, and does not hold back the position', async () => {
  await begin()
  const listener = new Listener()
  const [before, after] = [newRequest(newStream()), newRequest(newStream())]
  const { position } = await mustAppend(store, before)
  await foreignEvents(double.url, 'orders', 1_500)
  await foreignEvents(double.url, `${subject.prefix}order-1`, 10)
  await eventually('the position has gone on', () => listener.position > position)
  expect(await store.head()).toBe(position)
  await listener.close()
  const later = new Listener(listener.position)
  await mustAppend(store, after)
  await later.hear(lastOf(after))
  await later.close()
  expect([listener.ids, later.ids]).toEqual([before, after].map(requestedIds))
  expect(idsOf(await all(store.readAll()))).toEqual([before, after].flatMap(requestedIds))
})

test('events of others that pass the filter, one by one, cost a live subscriber no read', async () => {
  await begin(1, { ...PATIENT, silence_ms: 600_000 })
  const listener = new Listener()
  const [before, after] = [newRequest(newStream()), newRequest(newStream())]
  await mustAppend(store, before)
  await listener.hear(lastOf(before))
  const asked = jest.spyOn(Reading.prototype, 'end')
  await foreignEvents(double.url, `${subject.prefix}order-1`, 500, 1)
  await mustAppend(store, after)
  await listener.hear(lastOf(after))
  await listener.close()
  expect(asked).not.toHaveBeenCalled()
})

test('a cluster that is gone while the log is read ends the reading', async () => {
  await begin()
  for (let count = 0; count < 12; count += 1)
    await mustAppend(store, newRequest(newStream(), { events: newEvents(500) }))
  const read = async (): Promise<void> => {
    let isGone = false
    for await (const _ of subject.another(SHORT_PATIENCE).readAll()) {
      if (!isGone) await double.nodes[0].kill()
      isGone = true
    }
  }
  await expect(read()).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true })
})

test('any number is a position to begin after', async () => {
  await begin()
  const requests = Array.from({ length: 5 }, () => newRequest(newStream()))
  const places = []
  for (const each of requests) places.push(await mustAppend(store, each))
  const third = places[2]?.position ?? 0n
  for (const [after, expected] of [
    [third - 2n, requests.slice(2)],
    [third - 1n, requests.slice(2)],
    [third + 1n, requests.slice(3)],
    [1n, requests],
  ] as const) {
    const listener = new Listener(after)
    await listener.hear(lastOf(requests[4]!))
    await listener.close()
    expect(listener.ids).toEqual(expected.flatMap(requestedIds))
    const back = await all(store.readAll({ direction: 'backwards', after }))
    expect(idsOf(back)).toEqual(
      requests
        .slice(0, 5 - expected.length)
        .flatMap(requestedIds)
        .reverse(),
    )
  }
})

test('a position that anybody made up is looked for page by page', async () => {
  await begin()
  const [first, last] = [newRequest(newStream()), newRequest(newStream())]
  const { position } = await mustAppend(store, first)
  await foreignEvents(double.url, 'orders', 2_000)
  await mustAppend(store, last)
  const reads = jest.spyOn(Reading.prototype, 'all')
  const listener = new Listener(position + 1n)
  await listener.hear(lastOf(last))
  await listener.close()
  expect(listener.ids).toEqual(requestedIds(last))
  expect(reads.mock.calls.length).toBeLessThanOrEqual(10)
})

test('a log that got shorter is another log, and is refused', async () => {
  await begin()
  await mustAppend(store, newRequest(newStream()))
  await subject.database.query('update eventstoredb.checkpoint set position = 1000000000, last = 1000000000')
  await expect(subject.another().head()).rejects.toThrow('the index of names is of another log')
})
