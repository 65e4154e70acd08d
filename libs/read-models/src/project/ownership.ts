import { EventEmitter } from 'node:events'
import pg from 'pg'
import { type Logger, reasonOf } from '#runtime'
import * as sql from './ownership-sql.js'

export interface OwnershipOptions {
  readonly url: string
  /** Names this process among the projectors. A restarted one takes its lanes back at once. */
  readonly instance: string
  readonly fleet: string
  /** A projector that is silent so long loses its lanes; one whose connection is gone loses them at once. Default 5,000. */
  readonly lease_ms?: number
  readonly logger: Logger
}

/** Lanes that are ours, by number, with the epoch under which each is folded. */
export type Owned = ReadonlyMap<number, bigint>

interface LaneRow {
  readonly lane: number
  readonly holder: string
  readonly epoch: string
  readonly is_over: boolean
}

const TICK_MS = 500

/** The connections that fold for one instance: what whoever takes over from it ends. */
export const foldingName = (instance: string): string => `headwater folding ${instance}`

/**
 * Shares the lanes of a fleet among its projectors. Each one tells that it is there, sees who else is, and knows by that alone which
 * lanes should be whose (by rank, so that all agree); it gives back what is another's and takes what is its own and free. Nobody decides
 * for others, and what two take for theirs in a moment of doubt, the lease gives to one. The epoch fences: see {@link ProjectionUnit}.
 *
 * Emits `tick` after each look. Before a lane is given back `release` must have stopped folding it.
 */
export class Ownership extends EventEmitter<{ tick: [] }> {
  /** Why it is not known who owns what, until it is. */
  trouble: string | undefined
  private owned = new Map<number, bigint>()
  private client: pg.Client | undefined
  private timer: NodeJS.Timeout | undefined
  private running: Promise<void> = Promise.resolve()
  private closed = false
  private readonly lease_ms: number

  constructor(
    private readonly options: OwnershipOptions,
    private readonly release: (lanes: readonly number[]) => Promise<void>,
  ) {
    super()
    this.lease_ms = options.lease_ms ?? 5_000
  }

  get lanes(): Owned {
    return this.owned
  }

  /** Looks at once, and again and again. */
  start(): void {
    this.running = this.tick()
  }

  /** Gives everything back, so that the others need not wait. Folding has ended before. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    await this.running
    const { instance, fleet, logger } = this.options
    try {
      await this.client?.query(sql.LEAVE_SQL, [instance, fleet])
      await this.client?.end()
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'the lanes were not given back; the leases will expire')
    }
    this.owned = new Map()
  }

  private async tick(): Promise<void> {
    if (this.closed) return
    try {
      const client = await this.connection()
      await this.share(client)
      this.trouble = undefined
    } catch (error) {
      this.trouble = reasonOf(error)
      this.options.logger.warn({ reason: reasonOf(error) }, 'ownership of the lanes is not confirmed')
      this.owned = new Map()
      this.client?.end().catch(() => undefined)
      this.client = undefined
    }
    this.emit('tick')
    if (!this.isClosed()) this.timer = setTimeout(() => this.start(), TICK_MS)
  }

  private isClosed(): boolean {
    return this.closed
  }

  private async connection(): Promise<pg.Client> {
    if (this.client) return this.client
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: `headwater projector ${this.options.instance}`,
      connectionTimeoutMillis: this.lease_ms,
      query_timeout: this.lease_ms,
    })
    client.on('error', () => {
      if (this.client === client) this.client = undefined
    })
    await client.connect()
    this.client = client
    await client.query(sql.EPOCHS_SQL)
    return client
  }

  private async share(client: pg.Client): Promise<void> {
    const { instance, fleet } = this.options
    await client.query({ name: 'here', text: sql.HERE_SQL, values: [instance, fleet] })
    const { rows: peers } = await client.query<{ instance: string }>({
      name: 'peers',
      text: sql.PEERS_SQL,
      values: [fleet, this.lease_ms],
    })
    const { rows: lanes } = await client.query<LaneRow>({ name: 'lanes', text: sql.LANES_SQL, values: [fleet] })
    const names = peers.map((each) => each.instance)
    const isOurs = ({ lane }: { lane: number }): boolean => names[lane % names.length] === instance
    const renewed = await client.query<{ lane: number; epoch: string }>({
      name: 'renew',
      text: sql.RENEW_SQL,
      values: [fleet, instance, this.lease_ms],
    })
    const owned = new Map(
      renewed.rows
        .filter(({ lane, epoch }) => this.owned.get(lane) === BigInt(epoch))
        .map((row) => [row.lane, BigInt(row.epoch)]),
    )
    // Also those that are ours only by name, from before an error or an earlier life: renewed for ever, nobody could take them.
    const others = lanes.filter((row) => row.holder === instance && !isOurs(row)).map(({ lane }) => lane)
    if (others.length > 0) await this.giveBack(client, others, owned)
    const free = lanes.filter((row) => isOurs(row) && !owned.has(row.lane) && (row.is_over || row.holder === instance))
    if (free.length > 0) await this.take(client, free, owned)
    await this.inherit(client, [...owned.keys()])
    this.owned = owned
  }

  private async giveBack(client: pg.Client, lanes: readonly number[], owned: Map<number, bigint>): Promise<void> {
    await this.release(lanes)
    await client.query(sql.RELEASE_SQL, [this.options.fleet, this.options.instance, lanes])
    for (const lane of lanes) owned.delete(lane)
  }

  private async take(client: pg.Client, free: readonly LaneRow[], owned: Map<number, bigint>): Promise<void> {
    const { instance, fleet, logger } = this.options
    const former = [...new Set(free.map(({ holder }) => holder))].filter((holder) => holder !== '')
    // What a paused or killed owner has open would keep us waiting for its rows.
    if (former.length > 0) await client.query(sql.END_SQL, [former.map(foldingName)])
    const { rows } = await client.query<{ lane: number; epoch: string }>(sql.TAKE_SQL, [
      fleet,
      instance,
      free.map(({ lane }) => lane),
      this.lease_ms,
    ])
    for (const { lane, epoch } of rows) owned.set(lane, BigInt(epoch))
    logger.info({ lanes: rows.map(({ lane }) => lane) }, 'owns these lanes from now on')
  }

  private async inherit(client: pg.Client, lanes: readonly number[]): Promise<void> {
    const { fleet } = this.options
    const left = await client.query({ name: 'left', text: sql.LEFT_SQL, values: [fleet, lanes] })
    if (left.rowCount !== 0) await client.query(sql.INHERIT_SQL, [fleet, lanes, this.lease_ms])
  }
}
