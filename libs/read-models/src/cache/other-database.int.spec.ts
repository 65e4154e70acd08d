import { eventually, scratchServers, type ScratchServers, silentLogger } from '#testing'
import { fleetOf } from '../builds/fleet.js'
import { count, counting } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { documentText, rowSuffix } from '../project/changes.js'
import { laneFor } from '../project/lanes.js'
import { Reader } from '../read/reader.js'
import { ResourceCatalogue } from '../read/resources.js'
import { Sources } from '../read/sources.js'
import { tablesOf } from '../tables/table.js'
import { CacheWriter } from './cache-writer.js'
import { buildField, stateKey, TTL_S } from './keys.js'
import { openRedis, type Redis } from './redis.js'

const tables = tablesOf([counting])
const [sums] = tables
const id = { counter: 'a' }
const lane = laneFor(sums!, id)!
const key = stateKey(fleetOf(tables), lane)

let servers: ScratchServers
let stage: ProjectionStage
let redis: Redis
let sources: Sources | undefined

beforeEach(async () => {
  servers = await scratchServers()
  stage = new ProjectionStage(servers)
  redis = openRedis(servers.scratch.url, servers.logger)
  await eventually('Redis answers', () => redis.isReady)
})
afterEach(async () => {
  await sources?.close()
  sources = undefined
  redis.destroy()
  await stage.close()
})

/** What a projector of another database has left: its lane is further, by an owner of this epoch, and a row of it is cached. */
async function plant(epoch: bigint): Promise<void> {
  const row = { row: { ...id, sum: 99 }, created: { position: 1n, ordinal: 0 }, changed: 5_000n }
  const fields = { generation: 'old', applied: '5000', fed: '5000', builds: '', [buildField(sums!.projection)]: '1' }
  await redis.hSet(key, { ...fields, epoch: String(epoch) })
  await redis.set(`hw:rm:old:row:${rowSuffix(sums!, id)}`, documentText(sums!, row), { EX: TTL_S })
}

const generation = (): Promise<string | null> => redis.hGet(key, 'generation')

test('a database that is new does not answer what Redis keeps of the one before it', async () => {
  await plant(1_000n)
  const projector = await stage.projector([counting])
  const { logger, database } = servers
  const urls = { replicaUrls: [database.url], primaryUrl: database.url, primary: 'never' as const }
  sources = new Sources({ ...urls, pool_max: 2, hang_ms_max: 20_000, logger })
  const carriers = { of: () => fleetOf(tables) }
  const reader = new Reader({ sources, carriers, redis, logger, read_ms_max: 10_000 })
  const named = new ResourceCatalogue([counting]).find(`${counting.prefix}/sums/a`)!
  const sum = () => reader.document(named, { minPosition: 0n })
  expect(await sum()).toMatchObject({ source: 'cache', position: 5_000n })
  projector.start()
  await count(stage.store, 'a')
  await eventually('a new generation is as far as the log', async () => (await redis.hGet(key, 'applied')) === '1')
  expect(await generation()).not.toBe('old')
  expect(await sum()).toMatchObject({ position: 1n, data: { sum: 1 } })
})

test('a database that was restored from a backup takes its lanes as a later owner all the same', async () => {
  const before = await stage.projector([counting], 'projector-1')
  before.start()
  await count(stage.store, 'a')
  await eventually('it is told', async () => (await redis.hGet(key, 'applied')) === '1')
  await before.close()
  // It has taken the lanes some times more since the backup.
  await plant(BigInt((await redis.hGet(key, 'epoch'))!) + 10n)
  await servers.database.query("select setval('headwater.epochs', 7)")
  await servers.database.query('update headwater.lanes set epoch = 7')
  const after = await stage.projector([counting], 'projector-1')
  after.start()
  await count(stage.store, 'a')
  await eventually('a new generation is as far as the log', async () => (await redis.hGet(key, 'applied')) === '2')
  expect(await generation()).not.toBe('old')
})

test('whose lane has a later owner in Redis is told so, once', async () => {
  await plant(2n)
  const logger = silentLogger()
  const warn = jest.spyOn(logger, 'warn')
  const setup = { fleet: fleetOf(tables), lane, epoch: 1n, position: 7n, builds: '', fields: {} }
  const writer = new CacheWriter(redis, [setup], logger)
  await writer.begin()
  for (const position of [8n, 9n]) await writer.apply({ position }, new Map())
  expect(warn.mock.calls).toEqual([[expect.objectContaining({ lane, key }), expect.stringContaining('a later owner')]])
  expect(await generation()).toBe('old')
})
