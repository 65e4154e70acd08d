import { type Logger, reasonOf } from '#runtime'
import { Connection } from './connection.js'
import { connectionStringFor } from './connection-string.js'
import { leaderNamedBy } from './remedy.js'

/** Over all connections of this process: see {@link connectionStringFor}. */
let generation = 0

/** One connection after the other to one cluster: never two at a time. */
export class Connections {
  private current: Promise<Connection> | undefined
  private ending: Promise<void> = Promise.resolve()
  private leader: string | undefined
  private isClosed = false

  constructor(
    private readonly url: string,
    private readonly logger: Logger,
  ) {}

  /** @throws Error when none can be made now. */
  async connection(): Promise<Connection> {
    if (this.isClosed) throw new Error('the event store was closed')
    return (this.current ??= this.open())
  }

  private async open(): Promise<Connection> {
    await this.ending
    const { leader } = this
    // What a follower said is believed once.
    this.leader = undefined
    generation += 1
    try {
      return await Connection.open(connectionStringFor(this.url, generation, leader))
    } catch (error) {
      this.current = undefined
      throw error
    }
  }

  /** Ends a connection that has failed; the next who asks gets another, once this one has ended. */
  replace(failed: Connection, error: unknown): void {
    if (failed.isOver) return
    this.leader = leaderNamedBy(error)
    this.logger.info({ reason: reasonOf(error) }, 'the connection to EventStoreDB is replaced')
    this.current = undefined
    this.ending = failed.end()
  }

  async close(): Promise<void> {
    this.isClosed = true
    const { current } = this
    this.current = undefined
    const open = await current?.catch(() => undefined)
    await open?.end()
    await this.ending
  }
}
