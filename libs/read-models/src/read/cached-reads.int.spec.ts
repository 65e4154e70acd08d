import pg from 'pg'
import { createMemoryStore, type EventStore } from '#event-store'
import { ledger } from '#ledger'
import {
  eventually,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
  temporaryRedis,
  type TemporaryRedis,
} from '#testing'
import { BUDGET_KEY } from '../cache/budget.js'
import { fleetOf } from '../builds/fleet.js'
import { buildField, feedKey, ROW_KEYS, stateKey, TTL_S } from '../cache/keys.js'
import { openRedis, type Redis } from '../cache/redis.js'
import { append } from '../fixtures/ledger-events.js'
import { LANES, partitionOf } from '../project/lanes.js'
import { Projector } from '../project/projector.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { type Answer } from './answers.js'
import { Reader, type ReaderOptions } from './reader.js'
import { ResourceCatalogue } from './resources.js'
import { Sources } from './sources.js'

const tables = tablesOf([ledger])
const catalogue = new ResourceCatalogue([ledger])
const logger = silentLogger()
const fleet = fleetOf(tables)
/** Of the lane of the book "main". */
const mainLane = stateKey(fleet, partitionOf('book-main'))

/** So that a machine that stands still for a moment is not taken for a Redis that hangs, or for a replica that is too far behind. */
const PATIENT = { read_ms_max: 10_000, wait_ms_max: 60_000 }
/** Of a Redis that hangs a query learns soon. */
const IMPATIENT = { read_ms_max: 100 }

let database: ScratchDatabase
let server: TemporaryRedis
let redis: Redis
let store: EventStore
let sources: Sources
let reader: Reader
let ended: (() => unknown)[]

beforeAll(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  server = await temporaryRedis()
})
afterAll(async () => {
  await server.drop()
  await database.drop()
})
beforeEach(async () => {
  await database.query(`truncate ${tables.map(({ sql }) => sql).join(', ')}, headwater.projectors`)
  await database.query('update headwater.members set position = 0, stopped = null')
  await database.query("update headwater.lanes set position = 0, holder = '', expires_at = '-infinity'")
  ended = []
  redis = await connected()
  await redis.flushAll()
  store = createMemoryStore()
  sources = new Sources({
    replicaUrls: [database.url],
    primaryUrl: database.url,
    primary: 'never',
    pool_max: 8,
    hang_ms_max: 20_000,
    logger,
  })
  ended.push(() => sources.close())
  reader = await reading()
})
afterEach(async () => {
  server.resume()
  for (const end of ended.reverse()) await end()
})

async function connected(): Promise<Redis> {
  const client = openRedis(server.url, logger)
  await eventually('Redis answers', () => client.isReady)
  ended.push(() => client.destroy())
  return client
}

async function reading(more: Partial<ReaderOptions> = {}): Promise<Reader> {
  return new Reader({ sources, carriers: { of: () => fleet }, redis: await connected(), logger, ...PATIENT, ...more })
}

async function project(cache_bytes_max?: number): Promise<Projector> {
  const more = cache_bytes_max === undefined ? {} : { cache_bytes_max }
  const options = { url: database.url, domains: [ledger], instance: 'projector-1', lease_ms: 60_000, logger }
  const projector = new Projector({ ...options, store, redis, ...more })
  projector.start()
  ended.push(() => projector.close())
  await eventually('it folds', () => projector.position !== undefined)
  return projector
}

let transactions = 0
/** Moves 1 EUR in a book. @returns the position of that. */
async function post(book: string, account = 'cash'): Promise<bigint> {
  transactions += 1
  const postings = [
    { account, amount: '1', commodity: 'EUR' },
    { account: 'shop', amount: '-1', commodity: 'EUR' },
  ]
  await append(store, book, {
    type: 'TransactionPosted',
    data: { id: `t-${transactions}`, date: '2026-01-01', postings },
  })
  return store.head()
}

async function balance(
  minPosition = 0n,
  book = 'main',
  account = 'cash',
): Promise<Answer & { readonly amount: string }> {
  const named = catalogue.find(`/v1/ledger/books/${book}/balances/${account}`)
  const answer = await reader.document(named!, { minPosition })
  const { balances } = answer.data as { readonly balances: readonly { readonly amount: string }[] }
  return { ...answer, amount: balances[0]?.amount ?? '0' }
}

const cachedAt = (position: bigint): Promise<unknown> =>
  eventually(`the cache is at ${position}`, async () => {
    const applied = await Promise.all(LANES.map((lane) => redis.hGet(stateKey(fleet, lane), 'applied')))
    return applied.every((each) => each === position.toString())
  })

test('after FLUSHALL under writes no answer is wrong, and the cache comes back', async () => {
  await project()
  const seen = new Set<string>()
  await balance(await post('main'))
  for (let count = 2n; count <= 100n; count += 1n) {
    const token = await post('main')
    if (count % 20n === 0n) await redis.flushAll()
    const [exact, any] = await Promise.all([balance(token), balance()])
    expect(exact.position).toBeGreaterThanOrEqual(token)
    // One event is one unit: what is shown must be exactly what its position says.
    for (const { amount, position, source } of [exact, any]) {
      expect(BigInt(amount)).toBe(position)
      seen.add(source)
    }
  }
  expect(seen).toEqual(new Set(['cache', 'replica']))
  await cachedAt(await post('main'))
  expect(await balance()).toMatchObject({ source: 'cache', amount: '101', position: 101n })
})

test.each([
  ['all that it had', () => redis.flushAll()],
  ['what it was told last', () => redis.hSet(mainLane, 'applied', '0')],
])('a Redis that loses %s while nothing is written is told again', async (_, lose) => {
  await project()
  const token = await post('main')
  await cachedAt(token)
  const generation = await redis.hGet(mainLane, 'generation')
  await lose()
  await eventually('another generation begins', async () => {
    const there = await redis.hGet(mainLane, 'generation')
    return there !== null && there !== generation
  })
  await cachedAt(token)
  await eventually('the row is cached', async () => (await balance(token)).source === 'cache')
})

test('what is in Redis lives on as long as somebody tends it, and goes when a release has replaced who did', async () => {
  await project()
  await cachedAt(await post('main'))
  const generation = await redis.hGet(mainLane, 'generation')
  const names = (await redis.keys('hw:rm:*')).filter((name) => name !== BUDGET_KEY)
  expect(names).toEqual(expect.arrayContaining([mainLane, feedKey(generation!)]))
  for (const name of names) {
    const left_s = await redis.ttl(name)
    expect(left_s).toBeGreaterThan(0)
    expect(left_s).toBeLessThanOrEqual(TTL_S)
  }
  const tended = [mainLane, feedKey(generation!)]
  for (const name of tended) await redis.expire(name, 300)
  await eventually('they live on', async () => {
    const left_s = await Promise.all(tended.map((name) => redis.ttl(name)))
    return left_s.every((each) => each > 300)
  })
  expect(await redis.hGet(mainLane, 'generation')).toBe(generation)
})

test('misses of one row at one time are one read of the replica', async () => {
  await project()
  const token = await post('main')
  await cachedAt(token)
  await redis.del(await redis.keys(ROW_KEYS))
  const reads = jest.spyOn(sources, 'replica')
  const answers = await Promise.all(Array.from({ length: 200 }, () => balance(token)))
  expect(new Set(answers.map(({ source }) => source))).toEqual(new Set(['replica']))
  expect(reads).toHaveBeenCalledTimes(1)
  await eventually('it is cached for the next', async () => (await balance(token)).source === 'cache')
})

test('what a replica says is cached only in the build that it says it of: a promotion, which one of them has not seen, moves no position', async () => {
  await project()
  const token = await post('main')
  await cachedAt(token)
  const build = buildField(tables.find(({ id }) => id === 'accounts.v1:accounts')!.projection)
  await redis.hSet(mainLane, build, '2')
  await redis.del(await redis.keys(ROW_KEYS))
  // What the first one left would be there for the second.
  for (let time = 0; time < 2; time += 1) expect(await balance(token)).toMatchObject({ source: 'replica', build: 1 })
  await redis.hSet(mainLane, build, '1')
  expect((await balance(token)).source).toBe('replica')
  expect(await balance(token)).toMatchObject({ source: 'cache', build: 1 })
})

test('a Redis that hangs or is down fails no query, and is used again when it is back', async () => {
  await project()
  const token = await post('main')
  await cachedAt(token)
  expect((await balance(token)).source).toBe('cache')
  reader = await reading(IMPATIENT)
  server.pause()
  const answers = await Promise.all(Array.from({ length: 50 }, () => balance(token)))
  expect(new Set(answers.map(({ source }) => source))).toEqual(new Set(['replica']))
  server.resume()
  await eventually('it is used again', async () => (await balance(token)).source === 'cache')
  await server.kill()
  expect((await balance(token)).source).toBe('replica')
  await server.start()
  await eventually('the row is cached', async () => (await balance(token)).source === 'cache')
})

test('a Redis that hangs does not stop folding; what it missed it is told when it goes on', async () => {
  const projector = await project()
  reader = await reading(IMPATIENT)
  await cachedAt(await post('main'))
  server.pause()
  let token = 0n
  for (let count = 0; count < 5; count += 1) {
    token = await post('main')
    await eventually('it is folded', () => projector.position === token)
  }
  expect(await balance(token)).toMatchObject({ source: 'replica', amount: '6' })
  server.resume()
  const amounts = new Set<unknown>()
  await eventually('it is cached', async () => {
    const { source, amount } = await balance(token)
    amounts.add(amount)
    return source === 'cache'
  })
  expect([...amounts]).toEqual(['6'])
  await cachedAt(await post('main'))
})

test('a projector stops while Redis hangs', async () => {
  const projector = await project()
  await cachedAt(await post('main'))
  server.pause()
  await post('main')
  await projector.close()
})

test('rows keep to their budget: those that are cached stay right, further ones come from a replica', async () => {
  const bytes_max = 20_000
  await project(bytes_max)
  for (let count = 0; count < 200; count += 1) await post('main', `account-${count}`)
  const token = await post('main', 'account-0')
  await cachedAt(token)
  const rows = await redis.keys(ROW_KEYS)
  const used = await Promise.all(rows.map((key) => redis.memoryUsage(key)))
  const sum = used.reduce<number>((all, each) => all + (each ?? 0), 0)
  expect(sum).toBeGreaterThan(bytes_max / 2)
  expect(sum).toBeLessThan(bytes_max * 1.2)
  expect(await balance(token, 'main', 'account-0')).toMatchObject({ source: 'cache', amount: '2' })
  expect(await balance(token, 'main', 'account-199')).toMatchObject({ source: 'replica', amount: '1' })
  await balance(token, 'main', 'account-199')
  expect((await redis.keys(ROW_KEYS)).length).toBe(rows.length)
})

test('the count of bytes is that of the rows that are there, whatever came and went; old generations are dropped', async () => {
  await project()
  for (let count = 0; count < 50; count += 1) await post(`book-${count % 5}`, `account-${count % 7}`)
  await cachedAt(await store.head())
  const counted = async (): Promise<number> => {
    const { max, ...spans } = await redis.hGetAll(BUDGET_KEY)
    expect(max).toBe(String(256 * 1024 * 1024))
    return Object.values(spans).reduce((sum, each) => sum + Number(each), 0)
  }
  const there = async (): Promise<number> => {
    const keys = await redis.keys(ROW_KEYS)
    const sizes = await Promise.all(keys.map((key) => redis.strLen(key)))
    return sizes.reduce((sum, each, at) => sum + each + Buffer.byteLength(keys[at] ?? '') + 150, 0)
  }
  expect(await counted()).toBe(await there())
  // What was applied is lost: the next batch does not follow on.
  const generation = await redis.hGet(mainLane, 'generation')
  await redis.hSet(mainLane, 'applied', '1')
  await post('main')
  await eventually('a new generation', async () => (await redis.hGet(mainLane, 'generation')) !== generation)
  await eventually('old rows are gone', async () => (await redis.keys(`hw:rm:${generation}:row:*`)).length === 0)
  expect(await counted()).toBe(await there())
})

test('a cache that gets no more batches is not read for ever', async () => {
  reader = await reading({ cache_stale_ms_max: 500 })
  const projector = await project()
  const first = await post('main')
  await cachedAt(first)
  expect((await balance()).source).toBe('cache')
  await projector.close()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('update headwater.lanes set position = position + 1')
  await client.end()
  await eventually('a replica answers', async () => (await balance()).source === 'replica')
  expect((await balance()).position).toBe(first + 1n)
})
