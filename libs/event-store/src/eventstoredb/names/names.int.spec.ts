import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import pg from 'pg'
import { type AppendRequest, type EventStore } from '#event-store'
import {
  eventually,
  type EventStoreDbSubject,
  eventStoreDbSubject,
  type EventStoreDouble,
  openEventStoreDouble,
} from '#testing'
import { all, mustAppend, newEvents, newRequest, newStream } from '../../contract/requests.js'
import { FIRST_PAGE } from '../stream/read-tail.js'
import { foldNames } from './fold-names.js'
import { migrateNames } from './schema.js'

let double: EventStoreDouble
let subject: EventStoreDbSubject
let store: EventStore
/** Events that the double has sent to who reads or follows. */
let read: number

const countRead: ServerInterceptor = ({ path }, call) =>
  new ServerInterceptingCall(call, {
    sendMessage: (message, pass) => {
      if (path.endsWith('/Read') && (message as { hasEvent(): boolean }).hasEvent()) read += 1
      pass(message)
    },
  })

beforeEach(async () => {
  read = 0
  double = await openEventStoreDouble({ interceptors: [countRead] })
  subject = await eventStoreDbSubject(double.url)
  ;({ store } = subject)
})
afterEach(async () => {
  await subject.close()
  await double.close()
})

const indexed = async (): Promise<{ names: number; position: bigint }> => {
  const [row] = await subject.database.query<{ names: string; position: string }>(
    'select (select count(*) from eventstoredb.names) as names, position from eventstoredb.checkpoint',
  )
  return { names: Number(row?.names), position: BigInt(row?.position ?? '0') }
}

/** So many commands of one stream, every second with a claim. */
const commandsOf = (stream: string, count: number): AppendRequest[] =>
  Array.from({ length: count }, (_, at) =>
    newRequest(stream, { events: newEvents(2), claims: at % 2 ? [{ stream, name: `claim-${at}` }] : [] }),
  )

test.each(['never', 'meanwhile', 'before'])(
  'an index that was folded %s: every retry is told the original, every claim by whom, on any store',
  async (when) => {
    const stream = newStream()
    if (when === 'meanwhile') subject.index()
    const requests = commandsOf(stream, 60)
    const places = []
    for (const each of requests) places.push(await mustAppend(store, each))
    if (when === 'before') {
      subject.index()
      await eventually('all is indexed', async () => (await indexed()).names === 90)
    }
    for (const each of [store, subject.another()]) {
      const again = await Promise.all(requests.map((request) => each.append(request)))
      expect(again).toEqual(places.map((place) => ({ outcome: 'replayed', ...place })))
      const claimed = await Promise.all(
        requests.slice(0, 20).map(({ claims = [] }) => each.append(newRequest(stream, { claims: [...claims] }))),
      )
      expect(claimed.map(({ outcome }) => outcome)).toEqual(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? 'claimed' : 'appended')),
      )
      for (const [at, request] of requests.entries()) {
        const { requestHash, commandId } = request
        expect(await each.recall(commandId)).toEqual({ ...places[at], requestHash })
      }
    }
    expect(await all(store.readStream(stream))).toHaveLength(140)
  },
)

test('a store that knows what the index knows by now asks for no more than the end of a stream', async () => {
  const stream = newStream()
  const index = subject.index()
  const requests = commandsOf(stream, 100)
  await Promise.all(requests.map((each) => mustAppend(store, each)))
  await eventually('all is indexed', async () => (await indexed()).position >= (await store.head()))
  // It reads on its own.
  await index.close()
  const before = read
  expect(before).toBeGreaterThanOrEqual(200)
  expect(await subject.another().append(requests[0]!)).toMatchObject({ outcome: 'replayed', revision: 1n })
  expect(read - before).toBeGreaterThan(0)
  expect(read - before).toBeLessThanOrEqual(FIRST_PAGE)
})

test('a batch is folded once, whoever brings it, and never one that leaves something out', async () => {
  const requests = commandsOf(newStream(), 4)
  for (const each of requests) await mustAppend(store, each)
  const events = await all(store.readAll())
  const client = new pg.Client({ connectionString: subject.database.url })
  await client.connect()
  try {
    const [first, rest] = [events.slice(0, 4), events.slice(4)]
    const [middle, end] = [first, rest].map((some) => some.at(-1)?.position ?? 0n) as [bigint, bigint]
    await expect(foldNames(client, { after: middle, position: end, events: rest })).rejects.toThrow('begins after')
    expect(await indexed()).toEqual({ names: 0, position: 0n })
    await foldNames(client, { after: 0n, position: middle, events: first })
    await foldNames(client, { after: 0n, position: middle, events: first })
    expect(await indexed()).toEqual({ names: 3, position: middle })
    await foldNames(client, { after: 0n, position: end, events })
    expect(await indexed()).toEqual({ names: 6, position: end })
  } finally {
    await client.end()
  }
})

test('several who fold at a time come to the same', async () => {
  const folds = [subject.index(), subject.index(), subject.index()]
  const requests = Array.from({ length: 5 }, () => commandsOf(newStream(), 20)).flat()
  await Promise.all(requests.map((each) => mustAppend(store, each)))
  const head = await store.head()
  await eventually('all have come to the end', () => folds.every(({ position }) => position >= head))
  expect((await indexed()).names).toBe(150)
  expect(folds.map(({ trouble }) => trouble)).toEqual([undefined, undefined, undefined])
})

test('the index of another prefix is refused', async () => {
  await expect(migrateNames(subject.database.url, 'other')).rejects.toThrow(subject.prefix)
})
