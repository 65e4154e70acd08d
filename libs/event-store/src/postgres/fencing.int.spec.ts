import pg from 'pg'
import {
  eventually,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
  testPool,
} from '#testing'
import { all, idsOf, mustAppend, newEvents, newRequest, newStream, requestedIds } from '../contract/requests.js'
import { type AppendRequest, DEFAULT_LIMITS, StoreUnavailable } from '../port.js'
import { type Waiting } from '../log/append-queue.js'
import { Batch } from '../log/batch.js'
import { commit } from './commit.js'
import { noEvents } from '../log/heads.js'
import { plan } from '../log/pack.js'
import { partitionAt } from './partitions.js'
import { Term } from './term.js'

const NAME = 'event-writer'

let database: ScratchDatabase
let writers: PostgresWriter[]

beforeEach(async () => {
  database = await scratchDatabase()
  writers = []
})
afterEach(async () => {
  for (const each of writers) await each.close()
  await database.drop()
})

async function writer(holder: string): Promise<PostgresWriter> {
  // Nobody finds out by renewing what the test does with the lease.
  const opened = await postgresWriter({ url: database.url, holder, lease_ms: 3_600_000 })
  writers.push(opened)
  return opened
}

/** An append for which nobody waits. */
const alone = (request: AppendRequest): Waiting[] => [
  {
    append: plan(request, DEFAULT_LIMITS),
    waiter: { settle: () => undefined, fail: () => undefined },
    index: 0,
    since_ms: 0,
  },
]

/** What the database sees of a leader that is paused beyond its lease: no renewal came. */
const expireLease = (): Promise<unknown> => database.query("update log.leases set expires_at = '-infinity'")
const epoch = async (): Promise<bigint> => {
  const [row] = await database.query<{ epoch: string }>('select epoch from log.leases where name = $1', [NAME])
  return BigInt(row?.epoch ?? '0')
}

test('a term whose epoch is stale commits nothing, though its connection lives', async () => {
  const leader = await writer('writer-1')
  await leader.leads()
  const stream = newStream()
  await mustAppend(leader.store, newRequest(stream))
  const pool = testPool(database.url)
  const { url } = database
  const stale = await Term.open({ url, name: NAME, epoch: await epoch(), pool, logger: silentLogger() })
  await (
    await stale.send(alone(newRequest(stream)))
  ).committed
  await database.query('update log.leases set epoch = epoch + 1')
  const late = await stale.send(alone(newRequest(stream)))
  const later = await stale.send(alone(newRequest(stream)))
  await expect(late.committed).rejects.toThrow('leads no longer')
  await expect(later.committed).rejects.toThrow('leads no longer')
  await stale.close()
  await pool.end()
  expect(await all(leader.store.readStream(stream))).toHaveLength(2)
  expect(await database.query('select 1 from log.recent_names')).toHaveLength(2)
})

test('what was sent behind a batch that failed is not committed either, so that no gap is left', async () => {
  const leader = await writer('writer-1')
  await leader.leads()
  const stream = newStream()
  const pool = testPool(database.url)
  const { url } = database
  const term = await Term.open({ url, name: NAME, epoch: await epoch(), pool, logger: silentLogger() })
  await (
    await term.send(alone(newRequest(stream)))
  ).committed
  await database.query("alter table log.events_1 add check (type <> 'Refused')")
  const bad = newRequest(stream, { events: newEvents(1).map((event) => ({ ...event, type: 'Refused' })) })
  const failing = await term.send(alone(bad))
  const behind = await term.send(alone(newRequest(stream)))
  await expect(failing.committed).rejects.toThrow('check constraint')
  await expect(behind.committed).rejects.toThrow('check constraint')
  await term.close()
  await pool.end()
  expect(await all(leader.store.readStream(stream))).toHaveLength(1)
})

test('a leader that was paused while another took over loses nothing and adds nothing', async () => {
  const paused = await writer('writer-1')
  await paused.leads()
  const stream = newStream()
  await mustAppend(paused.store, newRequest(stream))
  const successor = await writer('writer-2')
  await expireLease()
  await successor.leads()
  await mustAppend(successor.store, newRequest(stream))

  expect(paused.store.leads).toBe(true)
  const request = newRequest(stream)
  await expect(paused.store.append(request)).rejects.toThrow(StoreUnavailable)
  const before = await all(successor.store.readAll())
  expect(before.map(({ position }) => position)).toEqual([1n, 2n])
  expect(await mustAppend(successor.store, request)).toEqual({ stream, revision: 2n, position: 3n })
})

test('a standby takes no appends', async () => {
  const leader = await writer('writer-1')
  await leader.leads()
  const standby = await writer('writer-2')
  await expect(standby.store.append(newRequest(newStream()))).rejects.toThrow(StoreUnavailable)
  expect(await leader.store.head()).toBe(0n)
})

test('a planned handover: the successor goes on where the leader stopped', async () => {
  const leader = await writer('writer-1')
  await leader.leads()
  const successor = await writer('writer-2')
  const stream = newStream()
  const requests = Array.from({ length: 50 }, () => newRequest(stream))
  const sent = requests.map((each) => leader.store.append(each))
  await leader.store.close()
  await leader.leadership.close()
  writers.shift()
  expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(requests.map(() => 'appended'))
  await successor.leads()
  expect(await successor.store.append(requests[7] ?? newRequest(stream))).toMatchObject({ outcome: 'replayed' })
  expect((await mustAppend(successor.store, newRequest(stream))).position).toBe(51n)
})

test('a takeover waits for the commit in flight, and begins behind it', async () => {
  const leader = await writer('writer-1')
  await leader.leads()
  const stream = newStream()
  const request = newRequest(stream)
  const append = plan(request, DEFAULT_LIMITS)
  const head = noEvents()
  const world = { head: () => head, taken: () => 0, take: () => undefined }
  const batch = new Batch(0, 0, { events: 1, size_bytes: append.size_bytes, names: 2 }, world)
  batch.accept(append)
  // Not under the leader's name, so that the successor cannot end it: only the row lock is between them.
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  const { copy, names } = batch.sealed()
  const bytes = { after: 0, position: batch.head, copy, names }
  await commit(client, { name: NAME, epoch: await epoch() }, await partitionAt(client, 1), bytes)
  // Its renewal is due in 15 s; the row cannot be changed from outside, so the leader itself gives the lease back.
  const gone = leader.leadership.close()
  const successor = await writer('writer-2')
  await eventually('a change of the lease waits for the commit', async () => {
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return (await database.query(waiting)).length > 0
  })
  expect(successor.store.leads).toBe(false)
  await client.query('commit')
  await client.end()
  await gone
  await successor.leads()
  expect(await successor.store.append(request)).toMatchObject({ outcome: 'replayed', position: 1n })
  const next = newRequest(stream)
  expect((await mustAppend(successor.store, next)).position).toBe(2n)
  expect(idsOf(await all(successor.store.readAll()))).toEqual([request, next].flatMap(requestedIds))
})
