import pg from 'pg'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger, testPool } from '#testing'
import { newEvent, newRequest, newStream } from '../contract/requests.js'
import { type AppendRequest, DEFAULT_LIMITS } from '../port.js'
import { type Waiting } from '../log/append-queue.js'
import { Batch } from '../log/batch.js'
import { commit } from './commit.js'
import { noEvents } from '../log/heads.js'
import { plan } from '../log/pack.js'
import { partitionAt } from './partitions.js'
import { migrateLog } from './schema.js'
import { Term } from './term.js'

/*
 * A batch that the writer gave up (its query timed out, its socket broke) may still be under way in the database when the writer
 * begins again, under the epoch that it had.
 */

const LEASE = { name: 'event-writer', epoch: 1n }

let database: ScratchDatabase
let pool: pg.Pool
let clients: pg.Client[]
let terms: Term[]

beforeEach(async () => {
  database = await scratchDatabase()
  await migrateLog(database.url)
  await database.query("insert into log.leases values ('event-writer', 1, 'writer-1', 0, 'infinity')")
  pool = testPool(database.url)
  clients = []
  terms = []
})
afterEach(async () => {
  for (const each of terms) await each.close()
  for (const each of clients) await each.end().catch(() => undefined)
  await pool.end()
  await database.drop()
})

async function begin(): Promise<Term> {
  const term = await Term.open({ url: database.url, ...LEASE, pool, logger: silentLogger() })
  terms.push(term)
  return term
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => undefined)
  await client.connect()
  clients.push(client)
  return client
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

const events = (stream: string): Promise<unknown[]> =>
  database.query('select position, revision from log.events where stream = $1 order by position', [stream])

const waitsForLock = (): Promise<unknown> =>
  eventually('somebody waits for a lock', async () => {
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return (await database.query(waiting)).length > 0
  })

/** A first batch of one event that is under way on a connection which no term knows of, in a transaction that stays open. */
async function ghost(): Promise<pg.Client> {
  const append = plan(newRequest(newStream()), DEFAULT_LIMITS)
  const head = noEvents()
  const world = { head: () => head, taken: () => 0, take: () => undefined }
  const batch = new Batch(0, 0, { events: 1, size_bytes: append.size_bytes, names: 2 }, world)
  batch.accept(append)
  const { copy, names } = batch.sealed()
  const client = await connect()
  await client.query('begin')
  await commit(client, LEASE, await partitionAt(client, 1), { after: 0, position: 1, copy, names })
  return client
}

test('a batch planned upon one that failed is never committed, though another one ends where that should have', async () => {
  const term = await begin()
  const underWay = await ghost()
  const stream = newStream()
  const first = newEvent()
  const one = await term.send(alone(newRequest(stream, { expected: 'none', events: [first] })))
  const two = await term.send(alone(newRequest(stream, { expected: 0n, tip: first.id })))
  const both = Promise.allSettled([one.committed, two.committed])
  await waitsForLock()
  await underWay.query('commit')
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await events(stream)).toEqual([])
  expect(await database.query('select position from log.recent_names')).toEqual([{ position: '1' }])
})

test('a term that begins again ends what the one before left under way', async () => {
  const former = await begin()
  const holder = await connect()
  await holder.query('begin; lock table log.events_1 in share mode')
  const lost = newStream()
  const { committed } = await former.send(alone(newRequest(lost)))
  committed.catch(() => undefined)
  await waitsForLock()
  await former.close()
  const next = await begin()
  await holder.query('commit')
  const stream = newStream()
  await (
    await next.send(alone(newRequest(stream)))
  ).committed
  expect(await events(stream)).toEqual([{ position: '1', revision: '0' }])
  expect(await events(lost)).toEqual([])
})

test('what it cannot end it waits for, and begins behind it', async () => {
  const underWay = await ghost()
  const beginning = begin()
  await waitsForLock()
  await underWay.query('commit')
  const term = await beginning
  expect(term.position).toBe(1)
  const stream = newStream()
  await (
    await term.send(alone(newRequest(stream)))
  ).committed
  expect(await events(stream)).toEqual([{ position: '2', revision: '0' }])
})
