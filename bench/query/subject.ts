import pg from 'pg'
import { domains } from '#domains'
import {
  buildField,
  CacheWriter,
  fleetOf,
  indexBuilds,
  LANES,
  type LaneSetup,
  migrateReadModels,
  openRedis,
  tablesOf,
} from '#read-models'
import { withClient } from '#runtime'
import { eventually, silentLogger, type TemporaryPostgres } from '#testing'
import { type AppProcess, startApp } from '../support/app-process.js'
import { FILL_SQL, POSITION, POSITIONS_SQL } from './workload.js'

export interface SubjectOptions {
  readonly name: string
  readonly primary: TemporaryPostgres
  readonly replica: TemporaryPostgres
  readonly redisUrl: string
  /** Lines in the statements of the book, all accounts together. */
  readonly lines: number
  readonly auth: Readonly<Record<string, string>>
}

/** A query-api as the product runs it, over read models that are filled, on a replica, with an empty cache. */
export async function startQueryApi({
  name,
  primary,
  replica,
  redisUrl,
  lines,
  auth,
}: SubjectOptions): Promise<AppProcess> {
  const url = await primary.createDatabase(name)
  await fill(url, lines)
  await replicated(replica.url(name))
  const logger = silentLogger()
  const redis = openRedis(redisUrl, logger)
  await eventually('Redis answers', () => redis.isReady)
  await new CacheWriter(redis, setups(), logger).begin()
  redis.destroy()
  return startApp('query-api', 'apps/query-api/src/main.js', {
    ...auth,
    HEADWATER_INSTANCE: `query-api-${name}`,
    HEADWATER_COMMANDS_URL: 'http://127.0.0.1:9',
    PRIMARY_URL: url,
    REPLICA_URLS: replica.url(name),
    REDIS_URL: redisUrl,
  })
}

async function fill(url: string, lines: number): Promise<void> {
  await migrateReadModels(url, tablesOf(domains))
  await withClient(new pg.Client({ connectionString: url }), async (client) => {
    for (const sql of FILL_SQL) await client.query(sql, sql.includes('$1') ? [lines] : [])
    await indexBuilds(url, tablesOf(domains))
    await client.query('vacuum analyze')
    for (const sql of POSITIONS_SQL) await client.query(sql)
  })
}

/** The cache of every lane, as a projector that has come so far leaves it when it is empty. */
function setups(): LaneSetup[] {
  const tables = tablesOf(domains)
  const fields = Object.fromEntries(tables.map(({ projection }) => [buildField(projection), '1']))
  return LANES.map((lane) => ({ fleet: fleetOf(tables), lane, epoch: 1n, position: POSITION, builds: '', fields }))
}

/** The positions were written last. */
async function replicated(url: string): Promise<void> {
  const arrived = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query('select 1 from headwater.members where position is null')).rowCount !== 0
    } finally {
      await client.end()
    }
  }
  await eventually('the rows have replicated', arrived, { timeout_ms: 120_000 })
}
