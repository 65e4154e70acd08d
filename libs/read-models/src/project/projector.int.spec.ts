import { createHash } from 'node:crypto'
import pg from 'pg'
import { createMemoryStore, type EventStore } from '#event-store'
import { ledger } from '#ledger'
import {
  eventually,
  type ScratchDatabase,
  scratchDatabase,
  type ScratchRedis,
  scratchRedis,
  silentLogger,
} from '#testing'
import { fleetOf } from '../builds/fleet.js'
import { buildField, feedKey, ownField, stateKey } from '../cache/keys.js'
import { openRedis, type Redis } from '../cache/redis.js'
import { APPLY_LUA, READ_LUA } from '../cache/scripts.js'
import { Feed } from '../feed/feed.js'
import { append } from '../fixtures/ledger-events.js'
import { decodeRow } from '../tables/row-codec.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { rowSuffix } from './changes.js'
import { LANES, WHOLE } from './lanes.js'
import { planFor } from './plan.js'
import { Projector } from './projector.js'

const tables = tablesOf([ledger])
const books = tables.find(({ id }) => id === 'books.v1:books')!
const fleet = fleetOf(tables)
const whole = stateKey(fleet, WHOLE)
const APPLY_DIGEST = createHash('sha1').update(APPLY_LUA).digest('hex')

let database: ScratchDatabase
let scratch: ScratchRedis
let redis: Redis
let store: EventStore
let ended: (() => unknown)[]

beforeAll(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.query(`truncate ${tables.map(({ sql }) => sql).join(', ')}, headwater.projectors`)
  await database.query('update headwater.members set position = 0, stopped = null')
  await database.query("update headwater.lanes set position = 0, holder = '', expires_at = '-infinity'")
  scratch = await scratchRedis()
  redis = await ready()
  store = createMemoryStore()
  ended = []
})
afterEach(async () => {
  for (const end of ended.reverse()) await end()
  redis.destroy()
  await scratch.drop()
})

async function ready(): Promise<Redis> {
  const client = openRedis(scratch.url, silentLogger())
  await eventually('Redis answers', () => client.isReady)
  return client
}

/** Redis as a projector sees it, with something done about the script that applies a batch. */
function meddling(client: Redis, apply: (run: () => Promise<unknown>) => Promise<unknown>): Redis {
  const evaluate = client.eval.bind(client)
  return new Proxy(client, {
    get: (target, name) => {
      // By its digest as by its text.
      if (name === 'evalSha')
        return (digest: string, options: Parameters<typeof evaluate>[1]) =>
          digest === APPLY_DIGEST ? apply(() => evaluate(APPLY_LUA, options)) : target.evalSha(digest, options)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Redis as a process sees it that is stopped for a while: nothing is sent until it goes on. */
function stopping(client: Redis, isStopped: () => boolean, goesOn: Promise<void>): Redis {
  return new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const send = value.bind(target) as (...args: unknown[]) => unknown
      return (...args: unknown[]) =>
        isStopped() && name !== 'evalSha' ? goesOn.then(() => send(...args)) : send(...args)
    },
  })
}

function project(
  instance: string,
  client: Redis,
  lease_ms = 60_000,
): { projector: Projector; close: () => Promise<void> } {
  const options = { url: database.url, domains: [ledger], instance, lease_ms, logger: silentLogger() }
  const projector = new Projector({ ...options, store, redis: client })
  projector.start()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= projector.close())
  ended.push(close)
  return { projector, close }
}

/** A transaction that stays open: whoever wants to write the row waits. */
async function holdRow(sql: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query(sql)
  return client
}

/** Of the lane in which books are folded: all of it. */
async function state(): Promise<{ generation: string | null; applied: string | null }> {
  const [generation = null, applied = null] = await redis.hmGet(whole, ['generation', 'applied'])
  return { generation, applied }
}

const appliedTo = (position: bigint): Promise<unknown> =>
  eventually(`the cache is at ${position}`, async () => (await state()).applied === position.toString())

/** The number of transactions that the cached summary of a book shows; undefined when it is not cached. */
async function cachedTransactions(book: string): Promise<unknown> {
  const own = ownField(books.projection)
  const build = buildField(books.projection)
  const answer = await redis.eval(READ_LUA, { keys: [whole], arguments: ['1', own, build, rowSuffix(books, { book })] })
  const [, , , text] = answer as (string | null)[]
  if (typeof text !== 'string') return undefined
  const [values] = JSON.parse(text) as [unknown[]]
  return decodeRow(books.columns, values)['transactions']
}

const checkpoint = async (): Promise<string | undefined> => {
  const rows = await database.query<{ position: string }>('select min(position) as position from headwater.lanes')
  return rows[0]?.position
}

let transactions = 0
async function post(book: string): Promise<void> {
  transactions += 1
  const postings = [
    { account: 'a', amount: '-1', commodity: 'EUR' },
    { account: 'b', amount: '1', commodity: 'EUR' },
  ]
  const data = { id: `t-${transactions}`, date: '2026-01-01', postings }
  await append(store, book, { type: 'TransactionPosted', data })
}

test('what is folded is in the cache, with the position it reflects; a restart goes on in the same generation', async () => {
  const first = project('projector-1', redis)
  await append(store, 'main', { type: 'BookOpened', data: {} })
  await post('main')
  await appliedTo(2n)
  expect(await cachedTransactions('main')).toBe(1)
  const { generation } = await state()
  await first.close()
  project('projector-2', redis)
  await post('main')
  await appliedTo(3n)
  expect(await cachedTransactions('main')).toBe(2)
  expect((await state()).generation).toBe(generation)
})

test('there is nothing to do differently only because the lanes are read in another order', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const keyOf = async (lanes: readonly (readonly [number, bigint])[]): Promise<string> =>
    (await planFor(client, { fleet, tables, lanes: new Map(lanes) })).key
  const lanes = LANES.map((lane) => [lane, BigInt(lane + 10)] as const)
  const key = await keyOf(lanes)
  expect(await keyOf([...lanes].reverse())).toBe(key)
  expect(await keyOf(lanes.slice(1))).not.toBe(key)
  expect(await keyOf(lanes.map(([lane, epoch]) => [lane, epoch + 1n]))).not.toBe(key)
  await client.end()
})

test('killed between commit and Redis: a new generation, in which nothing stale looks fresh', async () => {
  let hold = false
  let late: (() => Promise<unknown>) | undefined
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  // As if the process were stopped right before it sends the script.
  const held = meddling(await ready(), (run) => {
    if (!hold) return run()
    late ??= run
    return released.then(() => LANES.map(() => 'gap'))
  })
  const client = stopping(held, () => hold, released)
  ended.push(() => client.destroy())
  const killed = project('projector-1', client)
  await append(store, 'main', { type: 'BookOpened', data: {} })
  await post('main')
  await appliedTo(2n)
  const before = await state()
  const feed = new Feed({ url: scratch.url, fleets: () => [fleet], logger: silentLogger() })
  ended.push(() => feed.close())
  const gaps: number[] = []
  feed.on('gap', ({ lane }) => gaps.push(lane))
  await eventually(
    'the feed is followed',
    () => feed.isLive && feed.positionOf({ fleet, lane: WHOLE }, books.projection) === 2n,
  )

  hold = true
  await post('main')
  await eventually('it is committed and not yet in Redis', async () => late && (await checkpoint()) === '3')
  expect(await state()).toEqual(before)
  expect(await cachedTransactions('main')).toBe(1)

  // It says no longer that it is there, either, and its leases run out.
  const silence = await holdRow("select from headwater.projectors where instance = 'projector-1' for update")
  const successor = project('projector-2', redis, 1_000)
  await database.query("update headwater.lanes set expires_at = '-infinity'")
  await appliedTo(3n)
  const after = await state()
  expect(after.generation).not.toBe(before.generation)
  expect(await cachedTransactions('main')).toBeUndefined()
  await eventually('who follows the feed is told of the gap', () => gaps.length > 0)
  expect(gaps).toContain(WHOLE)

  // The old owner wakes up and sends what it had in hand.
  for (const outcome of (await late?.()) as string[]) expect(['fenced', 'gap']).toContain(outcome)
  expect(await state()).toEqual(after)
  expect(await cachedTransactions('main')).toBeUndefined()
  await post('main')
  await appliedTo(4n)
  expect(await cachedTransactions('main')).toBe(3)
  expect(await redis.exists(feedKey(after.generation ?? ''))).toBe(1)
  hold = false
  release()
  await silence.end()
  await killed.close()
  expect(successor.projector.position).toBe(4n)
  expect((await state()).generation).toBe(after.generation)
})

test('a batch that Redis missed costs the cache its generation, and folding goes on', async () => {
  let failures = 0
  let isFailing = false
  const client = meddling(await ready(), (run) => {
    if (!isFailing) return run()
    isFailing = false
    failures += 1
    return Promise.reject(new Error('Socket closed unexpectedly'))
  })
  ended.push(() => client.destroy())
  project('projector-1', client)
  await append(store, 'main', { type: 'BookOpened', data: {} })
  await post('main')
  await appliedTo(2n)
  const { generation } = await state()
  isFailing = true
  await post('main')
  await appliedTo(3n)
  expect(failures).toBe(1)
  expect((await state()).generation).not.toBe(generation)
  expect(await cachedTransactions('main')).toBeUndefined()
  await post('main')
  await appliedTo(4n)
  expect(await cachedTransactions('main')).toBe(3)
})

/** The lanes that each of these owns. */
const ownedBy = (...projectors: readonly { projector: Projector }[]): number[][] =>
  projectors.map(({ projector }) => [...projector.lanes].sort((a, b) => a - b))
const even = LANES.filter((lane) => lane % 2 === 0)
const odd = LANES.filter((lane) => lane % 2 === 1)

test('who joins gets its share of the lanes, who leaves gives its own back, and all is folded meanwhile', async () => {
  const first = project('projector-1', redis)
  await append(store, 'main', { type: 'BookOpened', data: {} })
  await eventually('one owns all', () => first.projector.lanes.length === LANES.length)
  const second = project('projector-2', redis)
  await eventually(
    'they share',
    () => second.projector.lanes.length > 0 && first.projector.lanes.length === even.length,
  )
  await eventually('all is owned', () => ownedBy(first, second).flat().length === LANES.length)
  expect(ownedBy(first, second)).toEqual([even, odd])
  for (const book of ['main', 'b', 'c', 'd', 'e']) await post(book)
  await eventually('all lanes are at the head', async () => (await checkpoint()) === '6')
  await first.close()
  await eventually('the other one owns all', () => second.projector.lanes.length === LANES.length)
  await post('main')
  await eventually('all lanes are at the head', async () => (await checkpoint()) === '7')
  const rows = await database.query<{ book: string; transactions: number }>(
    'select book, transactions from books_v1.books',
  )
  expect(rows.find(({ book }) => book === 'main')?.transactions).toBe(2)
  expect(rows).toHaveLength(5)
})

test('whose connection is gone is succeeded at once', async () => {
  const vanished = project('projector-1', redis)
  await append(store, 'main', { type: 'BookOpened', data: {} })
  await eventually('it owns all', () => vanished.projector.lanes.length === LANES.length)
  const silence = await holdRow("select from headwater.projectors where instance = 'projector-1' for update")
  await database.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'headwater projector projector-1' and datname = current_database()`)
  const successor = project('projector-2', redis)
  await eventually('the successor owns all', () => successor.projector.lanes.length === LANES.length)
  await post('main')
  await eventually('all lanes are at the head', async () => (await checkpoint()) === '2')
  await silence.end()
})
