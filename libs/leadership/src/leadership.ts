import { EventEmitter } from 'node:events'
import pg from 'pg'
import { goodbye, type Logger, reasonOf } from '#runtime'
import { ACQUIRE_SQL, END_TERM_SQL, LOOK_SQL, RELEASE_SQL, RENEW_SQL, TERMINATE_SQL } from './sql.js'

export interface LeadershipOptions {
  readonly url: string
  /** Schema that holds `leases`. */
  readonly schema: string
  /** What is led: `event-writer`. */
  readonly name: string
  /** Who leads. A restarted instance of the same name takes over from its former self at once. */
  readonly holder: string
  /**
   * Default 5,000. A paused leader is succeeded after at most so long plus one retry; one whose connection to the
   * database is gone, as after kill -9, after one retry.
   */
  readonly lease_ms?: number
  /** How often a leader renews its lease, in ms. Default: a quarter of `lease_ms`. */
  readonly renew_ms?: number
  readonly logger: Logger
}

/**
 * Leadership by a lease row with an epoch, on the database's clock. The epoch is the fencing number (after Kleppmann,
 * "How to do distributed locking"): whoever writes as the leader checks it in the same transaction. Holding this object
 * proves nothing; it only says whom to let try.
 *
 * Emits `gained` with the epoch and `lost`.
 */
export class Leadership extends EventEmitter<{ gained: [epoch: bigint]; lost: [] }> {
  epoch: bigint | undefined
  private client: pg.Client | undefined
  private timer: NodeJS.Timeout | undefined
  private closed = false
  private readonly lease_ms: number
  private readonly renew_ms: number

  constructor(private readonly options: LeadershipOptions) {
    super()
    this.lease_ms = options.lease_ms ?? 5_000
    this.renew_ms = options.renew_ms ?? this.lease_ms / 4
  }

  /** The prefix of `application_name` of every connection that writes under this leadership. */
  static connectionName(name: string, epoch: bigint): string {
    return `headwater ${name} ${epoch.toString()}`
  }

  start(): void {
    void this.tick()
  }

  /** Gives the lease back, so that a successor need not wait. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    const { epoch, client } = this
    this.lose()
    try {
      if (epoch !== undefined) await client?.query(RELEASE_SQL(this.options.schema), [this.options.name, epoch])
    } catch (error) {
      this.options.logger.warn({ reason: reasonOf(error) }, 'the lease was not given back; it will expire')
    }
    if (client) await goodbye(client)
  }

  private async tick(): Promise<void> {
    try {
      const client = await this.connection()
      if (this.epoch === undefined) await this.acquire(client)
      else await this.renew(client, this.epoch)
    } catch (error) {
      this.options.logger.warn({ name: this.options.name, reason: reasonOf(error) }, 'leadership not confirmed')
      this.lose()
      if (this.client) void goodbye(this.client)
      this.client = undefined
    }
    if (!this.closed) this.timer = setTimeout(() => void this.tick(), this.epoch === undefined ? 200 : this.renew_ms)
  }

  private async connection(): Promise<pg.Client> {
    if (this.client) return this.client
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: `headwater lease ${this.options.holder}`,
      connectionTimeoutMillis: this.lease_ms,
      query_timeout: this.lease_ms,
    })
    client.on('error', () => {
      if (this.client === client) this.client = undefined
    })
    await client.connect()
    this.client = client
    return client
  }

  private async acquire(client: pg.Client): Promise<void> {
    const { schema, name, holder, logger } = this.options
    const seen = await client.query<{ epoch: string; is_over: boolean }>(LOOK_SQL(schema), [name, holder])
    const [before] = seen.rows
    if (before && !before.is_over) return
    if (before) await client.query(END_TERM_SQL, [Leadership.connectionName(name, BigInt(before.epoch))])
    const { rows } = await client.query<{ epoch: string }>(ACQUIRE_SQL(schema), [name, holder, this.lease_ms])
    const [row] = rows
    if (!row || this.closed) return
    const epoch = BigInt(row.epoch)
    await client.query(TERMINATE_SQL, [`headwater ${name} %`, Leadership.connectionName(name, epoch)])
    this.epoch = epoch
    logger.info({ name, epoch: row.epoch }, 'leads')
    this.emit('gained', epoch)
  }

  private async renew(client: pg.Client, epoch: bigint): Promise<void> {
    const { schema, name } = this.options
    const { rowCount } = await client.query(RENEW_SQL(schema), [name, epoch, this.lease_ms])
    if (rowCount === 0) this.lose()
  }

  private lose(): void {
    if (this.epoch === undefined) return
    this.options.logger.warn({ name: this.options.name, epoch: this.epoch.toString() }, 'leads no longer')
    this.epoch = undefined
    this.emit('lost')
  }
}
