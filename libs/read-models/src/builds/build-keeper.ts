import { type Pool } from 'pg'
import { type Logger, reasonOf } from '#runtime'
import { type Builds } from './builds.js'
import { DUE_SQL, STOPS_SQL } from './builds-sql.js'
import { type Stop } from './stop.js'

export interface BuildKeeperOptions {
  readonly pool: Pool
  readonly builds: Builds
  readonly fleet: string
  readonly logger: Logger
}

/** What was refused is not tried for at once: whoever folds waits behind who waits. */
const AGAIN_MS = 30_000

/** Brings builds on that are due for their next step, and knows what has stopped. */
export class BuildKeeper {
  private found: readonly Stop[] = []
  private advancing: Promise<void> | undefined
  /** Not before then, as `performance.now()` counts. */
  private again_ms = 0

  constructor(private readonly options: BuildKeeperOptions) {}

  get stops(): readonly Stop[] {
    return this.found
  }

  /** Cheap when there is nothing to do. @throws when the database does not answer. */
  async tick(): Promise<void> {
    const { pool, fleet, builds, logger } = this.options
    this.found = (await pool.query<Stop>(STOPS_SQL, [fleet])).rows
    if (this.advancing || performance.now() < this.again_ms) return
    if ((await pool.query(DUE_SQL, [fleet])).rowCount === 0) return
    // To promote waits for batches in hand, which are not to wait for it.
    this.advancing = builds
      .advance()
      .catch((error: unknown) => {
        this.again_ms = performance.now() + AGAIN_MS
        logger.warn({ reason: reasonOf(error) }, 'a build was not brought on')
      })
      .finally(() => (this.advancing = undefined))
  }

  async close(): Promise<void> {
    await this.advancing
  }
}
