import { type RecordedEvent } from '#domain-kit'
import { AllowList, connect, createIdentity, type Identity, listen, type LinkServer } from '#mesh'
import {
  eventually,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
} from '#testing'
import {
  all,
  idsOf,
  mustAppend,
  newEvent,
  newEvents,
  newRequest,
  newStream,
  requestedIds,
} from '../contract/requests.js'
import { type EventBatch, type EventStore } from '../port.js'
import { type PostgresStore } from '../postgres/store.js'
import { openRemoteStore } from './remote-store.js'
import { serveEventStore, WRITER_LINK_LIMITS } from './serve.js'

/** More batches than the writer, the link and the store keep for one subscriber together. */
const BATCHES = 600

let database: ScratchDatabase
let writer: PostgresWriter
let server: LinkServer
let client: Identity
let allowList: AllowList
let stores: EventStore[]
/** Subscribers whom the writer tells of commits. */
let told: number

beforeEach(async () => {
  stores = []
  told = 0
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
  const identity = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  client = await createIdentity({ role: 'reactor', instance: 'reactor-1' })
  const entries = [identity, client].map(({ spki, role, instance }) => ({ spki, role, instance }))
  allowList = new AllowList({ version: 1n, entries })
  server = await listen({
    host: '127.0.0.1',
    port: 0,
    identity,
    allowList,
    ...serveEventStore(counting(writer.store)),
  })
})
afterEach(async () => {
  for (const each of stores) await each.close()
  await server.close()
  await writer.close()
  await database.drop()
})

function counting(store: PostgresStore): PostgresStore {
  const onCommitted: PostgresStore['onCommitted'] = (listener) => {
    told += 1
    const stop = store.onCommitted(listener)
    return () => {
      told -= 1
      stop()
    }
  }
  return Object.create(store, { onCommitted: { value: onCommitted } }) as PostgresStore
}

function remote(): EventStore {
  const link = connect({
    endpoints: [`127.0.0.1:${server.port}`],
    identity: client,
    allowList,
    role: 'event-writer',
    limits: WRITER_LINK_LIMITS,
  })
  const store = openRemoteStore({ link, url: database.url, pool_max: 2, logger: silentLogger() })
  stores.push(store)
  return store
}

test('a subscriber that stops reading holds up nobody, and goes on without a hole', async () => {
  const [appending, slow, quick] = [remote(), remote(), remote()]
  const stream = newStream()
  const filler = 'x'.repeat(1_000)
  await mustAppend(appending, newRequest(stream))
  const stop = new AbortController()
  const slowly = slow.subscribe({ after: 0n, signal: stop.signal })[Symbol.asyncIterator]()
  const next = async (): Promise<readonly RecordedEvent[]> => {
    const item: IteratorResult<EventBatch, undefined> = await slowly.next()
    return item.value?.events ?? []
  }
  const seen = [...(await next())]
  let quickly = 0n
  const following = (async () => {
    for await (const { position } of quick.subscribe({ after: 0n, signal: stop.signal })) quickly = position
  })()
  for (let at = 0; at < BATCHES; at += 1)
    await mustAppend(appending, newRequest(stream, { events: [newEvent({ filler })] }))
  const end = BigInt(BATCHES + 1)
  await eventually('the other subscriber has seen all', () => quickly === end)
  expect(seen).toHaveLength(1)
  while (seen.at(-1)?.position !== end) seen.push(...(await next()))
  expect(idsOf(seen)).toEqual(idsOf(await all(writer.store.readAll())))
  stop.abort()
  await slowly.return?.()
  await following
})

test('who met others is told from then on of what they append, without a hole', async () => {
  const [one, other] = [remote(), remote()]
  const stream = newStream()
  await mustAppend(other, newRequest(stream))
  expect(one.news?.(stream, -1n)).toEqual([])
  const { outcome } = await one.append(newRequest(stream, { expected: 'none' }))
  expect(outcome).toBe('conflict')
  await eventually('news arrive', async () => {
    await mustAppend(other, newRequest(stream))
    return (one.news?.(stream, (await revisionOf(stream)) - 1n) ?? []).length === 1
  })
  const before = await revisionOf(stream)
  await mustAppend(other, newRequest(stream, { events: [newEvent(), newEvent()] }))
  const news = await eventually('both are told', () => {
    const told = one.news?.(stream, before) ?? []
    return told.length === 2 && told
  })
  expect(news).toEqual(await all(writer.store.readStream(stream, { from: before + 1n })))
})

test('who is alone is not sent its own appends, and again when nobody follows the log any more', async () => {
  const alone = remote()
  const stream = newStream()
  await mustAppend(alone, newRequest(stream))
  expect(told).toBe(0)
  const stop = new AbortController()
  const following = (async () => {
    for await (const { position } of alone.subscribe({ after: 0n, signal: stop.signal })) if (position === 3n) return
  })()
  await eventually('it is told of commits', () => told === 1)
  await mustAppend(alone, newRequest(stream, { events: [newEvent(), newEvent()] }))
  await following
  stop.abort()
  await eventually('it is told no more', async () => {
    await mustAppend(alone, newRequest(stream))
    return told === 0
  })
})

test('who wants some events is sent no others, and told how far the log has come', async () => {
  const [appending, following] = [remote(), remote()]
  const stop = new AbortController()
  const wanted = newStream()
  const first = await mustAppend(appending, newRequest(wanted))
  const batches: EventBatch[] = []
  const listening = (async () => {
    const only = { aggregates: ['thing'] }
    for await (const batch of following.subscribe({ after: 0n, only, signal: stop.signal })) batches.push(batch)
  })()
  await eventually('it listens', () => told === 1 && batches.at(-1)?.position === first.position)
  const [aside, ours] = [newRequest('aside-1', { events: newEvents(3) }), newRequest(wanted)]
  await mustAppend(appending, aside)
  await mustAppend(appending, ours)
  const { position } = await mustAppend(appending, newRequest('aside-2', { events: newEvents(2) }))
  await eventually('it knows of all', () => batches.at(-1)?.position === position)
  stop.abort()
  await listening
  expect(batches.flatMap(({ events }) => idsOf(events)).slice(1)).toEqual(requestedIds(ours))
  expect(batches.every(({ after }, at) => at === 0 || after === batches[at - 1]?.position)).toBe(true)
})

async function revisionOf(stream: string): Promise<bigint> {
  const [last] = await all(writer.store.readStream(stream, { direction: 'backwards', limit: 1 }))
  return last?.revision ?? -1n
}
