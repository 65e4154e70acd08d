import { silentLogger } from '../silent-logger.js'
import { type ScratchDatabase, scratchDatabase } from './scratch-database.js'
import { type ScratchRedis, scratchRedis } from './scratch-redis.js'

/** What a test of read models stands on, of its own. Drop both. */
export interface ScratchServers {
  readonly database: ScratchDatabase
  readonly scratch: ScratchRedis
  readonly logger: ReturnType<typeof silentLogger>
}

export async function scratchServers(): Promise<ScratchServers> {
  return { database: await scratchDatabase(), scratch: await scratchRedis(), logger: silentLogger() }
}
