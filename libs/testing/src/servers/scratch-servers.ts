import { silentLogger } from '../silent-logger.js'
import { type ScratchDatabase, scratchDatabase } from './scratch-database.js'
import { type ScratchRedis, scratchRedis } from './scratch-redis.js'

/** What a test of read models stands on, of its own. Drop both. */
export interface ScratchServers {
  readonly database: ScratchDatabase
  readonly scratch: ScratchRedis
  readonly logger: ReturnType<typeof silentLogger>
}

/** @param template of the database; see {@link scratchDatabase}. */
export async function scratchServers(template?: Pick<ScratchDatabase, 'name'>): Promise<ScratchServers> {
  return { database: await scratchDatabase(template), scratch: await scratchRedis(), logger: silentLogger() }
}
