import 'reflect-metadata'
import pg from 'pg'
import { domains } from '#domains'
import { openRedis, Projector } from '#read-models'
import { eventually, silentLogger } from '#testing'
import { openBenchStore } from '../support/bench-store.js'
import { type WriterAccess } from '../support/event-writer.js'
import { residentMemory_mb } from '../support/processor.js'
import { work, workerArgument } from '../support/workers.js'

export interface FoldArgument {
  readonly access: WriterAccess
  /** Of the read models' database, migrated and empty. */
  readonly url: string
  readonly redisUrl: string
}

export interface FoldResult {
  readonly events: number
  readonly seconds: number
  /** The most that the process held, and at a third of the way. */
  readonly rss_mb: number
  readonly rss_third_mb: number
}

const { access, url, redisUrl } = workerArgument<FoldArgument>()
const logger = silentLogger()
const store = await openBenchStore(access)
const redis = openRedis(redisUrl, logger)
await eventually('Redis answers', () => redis.isReady)

/** Rows alone are half of the work: only now a list can be read. */
async function indexed(): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await eventually(
    'every build has its indexes',
    async () => {
      const { rows } = await client.query<{ all: boolean }>('select bool_and(is_indexed) as all from headwater.builds')
      return rows[0]?.all === true
    },
    { timeout_ms: 900_000 },
  )
  await client.end()
}

work<null, FoldResult>(async () => {
  const head = await store.head()
  const begin_ms = performance.now()
  const projector = new Projector({ store, url, domains, redis, instance: 'projector-1', logger })
  projector.start()
  let [most, third] = [0, 0]
  await eventually(
    'all is folded',
    () => {
      const now = residentMemory_mb(process.pid)
      most = Math.max(most, now)
      if ((projector.position ?? 0n) < head / 3n) third = now
      return projector.position === head
    },
    { timeout_ms: 900_000 },
  )
  await indexed()
  const seconds = (performance.now() - begin_ms) / 1_000
  await projector.close()
  return { events: Number(head), seconds, rss_mb: most, rss_third_mb: third }
})
process.once('SIGTERM', () => process.exit(0))
