import pg from 'pg'
import { type Logger, reasonOf } from '#runtime'
import { STOP_SQL } from '../builds/builds-sql.js'
import { type Stop } from '../builds/stop.js'
import { type LaneSetup } from '../cache/cached-lane.js'
import { type ReadTable } from '../tables/table.js'
import { laneSetups } from './lane-setups.js'
import { type MemberPlan } from './member.js'
import { type Owned } from './ownership.js'
import { type Plan, planFor } from './plan.js'

const PLANNING_MS_MAX = 10_000
/** What waits for a lock for so long, in ms, gives up at the server, too: one that nobody waits for any more would stay in the queue. */
const LOCK_MS_MAX = 1_000

export interface PlanningOptions {
  readonly url: string
  readonly instance: string
  readonly fleet: string
  readonly tables: readonly ReadTable[]
  readonly logger: Logger
  /** What has no answer for so long, in ms, has lost its server. Default 10,000. */
  readonly ms_max?: number | undefined
}

/** A build that stops in a lane, and where it is there. */
export interface Stopping {
  readonly member: MemberPlan
  readonly lane: number
  readonly position: bigint
  readonly stopped: Stop['stopped']
}

/** What a projector asks the database before it folds, and writes down when something does not go on: on one connection, and each takes milliseconds. */
export class Planning {
  readonly pool: pg.Pool

  constructor(private readonly options: PlanningOptions) {
    const { url, instance, logger, ms_max = PLANNING_MS_MAX } = options
    this.pool = new pg.Pool({
      connectionString: url,
      max: 1,
      application_name: `headwater planning ${instance}`,
      connectionTimeoutMillis: 5_000,
      query_timeout: ms_max,
      lock_timeout: LOCK_MS_MAX,
    })
    this.pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection broke'))
    // One that breaks while it is used tells its query, or the next one; without a listener it would end the process, too.
    this.pool.on('connect', (client) => client.on('error', () => undefined))
  }

  /** @param near in positions; see {@link planFor}. @throws when the database does not answer. */
  async plan(lanes: Owned, near: bigint): Promise<Plan> {
    const { fleet, tables } = this.options
    return this.on((client) => planFor(client, { fleet, tables, near, lanes }))
  }

  /** @throws when the database does not answer. */
  async laneSetups(plan: Plan): Promise<readonly LaneSetup[]> {
    return this.on((client) => laneSetups(client, this.options.fleet, plan))
  }

  /** Nothing happens when the lane is another's by now. @param epoch under which it is ours. @throws when the database does not answer. */
  async stop({ member, lane, position, stopped }: Stopping, epoch: bigint | undefined): Promise<void> {
    const { fleet, logger } = this.options
    const { projection, build } = member
    logger.error({ projection: projection.name, build, lane, ...stopped }, 'a projection stopped in a lane')
    await this.pool.query(STOP_SQL, [
      ...[projection.name, projection.version, build, lane, position],
      ...[JSON.stringify(stopped), fleet, epoch],
    ])
  }

  async close(): Promise<void> {
    await this.pool.end()
  }

  /** A connection whose work failed is not used again: nobody knows what it would bring. */
  private async on<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect()
    let failure: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      failure = error as Error
      throw error
    } finally {
      client.release(failure)
    }
  }
}
