import pg from 'pg'
import { createMemoryStore } from '#event-store'
import { eventually, scratchServers, type ScratchServers, SilentLink } from '#testing'
import { openRedis, type Redis } from '../cache/redis.js'
import { count, counting } from '../fixtures/counter.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { Projector } from './projector.js'

let servers: ScratchServers
let link: SilentLink
let redis: Redis
let projector: Projector

beforeEach(async () => {
  servers = await scratchServers()
  const { database, scratch, logger } = servers
  await migrateReadModels(database.url, tablesOf([counting]))
  link = await SilentLink.open(database.url)
  redis = openRedis(scratch.url, logger)
})
afterEach(async () => {
  await projector.close()
  await link.close()
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})

test('a primary that is lost without a word is not waited for: what is to be folded is asked of the one that is there', async () => {
  const store = createMemoryStore()
  const options = {
    url: link.url,
    domains: [counting],
    instance: 'projector-1',
    lease_ms: 1_000,
    planning_ms_max: 1_000,
  }
  projector = new Projector({ ...options, store, redis, logger: servers.logger })
  projector.start()
  await count(store, 'a')
  await eventually('it is folded', () => projector.position === 1n)
  link.fallSilent()
  await eventually('it knows nothing of its lanes', () => projector.lanes.length === 0)
  // Those before it ends itself, when it takes its lanes again.
  const folding = `select 1 from pg_stat_activity where application_name = 'headwater folding projector-1' and datname = current_database()`
  await eventually('they are gone', async () => (await servers.database.query(folding)).length === 0)
  const begun = async (): Promise<boolean> => (await servers.database.query(folding)).length > 0
  await eventually('it begins anew', begun)
  await count(store, 'a')
  await eventually('it is folded', () => projector.position === 2n)
})

test('who cannot see for a moment what is to be folded folds on, and is well again when it sees it', async () => {
  const store = createMemoryStore()
  const options = { url: servers.database.url, domains: [counting], instance: 'projector-1', planning_ms_max: 300 }
  projector = new Projector({ ...options, store, redis, logger: servers.logger })
  projector.start()
  await count(store, 'a')
  await eventually('it is folded', () => projector.position === 1n)
  const other = new pg.Client({ connectionString: servers.database.url })
  await other.connect()
  await other.query('begin; lock table headwater.builds in access exclusive mode')
  await eventually('it is said', () => projector.trouble !== undefined)
  await count(store, 'a')
  await eventually('it is folded', () => projector.position === 2n)
  expect(projector.trouble).toBeDefined()
  await other.end()
  await eventually('nothing is wrong', () => projector.trouble === undefined)
})
