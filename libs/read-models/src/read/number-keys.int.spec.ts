import { document, domain, integer, projection, text } from '#domain-kit'
import { eventually, scratchServers } from '#testing'
import { fleetOf } from '../builds/fleet.js'
import { ROW_KEYS } from '../cache/keys.js'
import { openRedis } from '../cache/redis.js'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { tablesOf } from '../tables/table.js'
import { type Answer } from './answers.js'
import { Reader } from './reader.js'
import { ResourceCatalogue } from './resources.js'
import { Sources } from './sources.js'

const steps = projection('steps', {
  version: 1,
  of: counter,
  table: { counter: text().key(), by: integer().key(), times: integer() },
  key: (event) => ({ counter: event.aggregateId, by: event.data.by }),
  fold: { Counted: (row) => ({ ...row, times: row.times + 1 }) },
})
const stepping = domain('stepping', { commands: [], resources: [document(steps, 'GET /steps/{counter}/{by}')] })

test('a row whose key holds a number is cached in one place, whether it was folded or asked for', async () => {
  const servers = await scratchServers()
  const { database, scratch, logger } = servers
  const stage = new ProjectionStage(servers)
  const projector = await stage.projector([stepping])
  const redis = openRedis(scratch.url, logger)
  const urls = { replicaUrls: [database.url], primaryUrl: database.url, primary: 'never' as const }
  const sources = new Sources({ ...urls, pool_max: 2, hang_ms_max: 20_000, logger })
  try {
    const carriers = { of: () => fleetOf(tablesOf([stepping])) }
    const reader = new Reader({ sources, carriers, redis, logger, read_ms_max: 10_000 })
    const named = new ResourceCatalogue([stepping]).find(`${stepping.prefix}/steps/a/5`)!
    const read = (minPosition: bigint): Promise<Answer> => reader.document(named, { minPosition })
    projector.start()
    for (const position of [1n, 2n, 3n]) {
      await count(stage.store, 'a', 5)
      await eventually('the cache has it', async () => (await read(position)).source === 'cache')
      expect(await read(position)).toMatchObject({ position, data: { times: Number(position) } })
      expect(await redis.keys(ROW_KEYS)).toHaveLength(1)
      // Who asks has it cached again.
      await redis.del(await redis.keys(ROW_KEYS))
      expect(await read(position)).toMatchObject({ source: 'replica' })
      await eventually('it is cached again', async () => (await redis.keys(ROW_KEYS)).length === 1)
    }
  } finally {
    await sources.close()
    redis.destroy()
    await stage.close()
  }
})
