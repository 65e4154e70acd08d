import pg from 'pg'
import { type AnyProjection } from '#domain-kit'
import { type Logger, reasonOf } from '#runtime'
import { type Standing } from './choose.js'
import { CutOff } from './failure.js'

/** Whose checkpoint is meant. */
export interface Checkpoint extends Pick<AnyProjection, 'name' | 'version'> {
  /** Undefined: the least of all its lanes. */
  readonly lane?: number | undefined
}

const keyOf = ({ name, version, lane }: Checkpoint): string => `${name}.${version}.${lane ?? ''}`

export interface ReplicaOptions {
  readonly url: string
  /** Connections at most. */
  readonly pool_max: number
  readonly logger: Logger
}

/** Queries at one replica at a time, waiting ones included, for each of its connections. */
const IN_FLIGHT_PER_CONNECTION = 32

/** One replica: its connections, what is under way at it, and what is known of it. */
export class Replica {
  /** `host:port`, without anything secret. */
  readonly name: string
  standing: Standing = 'ready'
  inFlight = 0
  /** When it last said where it is, in ms of `performance.now()`. */
  learned_ms = -Infinity
  /** The highest checkpoint that it was seen at. */
  position = 0n
  private readonly positions = new Map<string, bigint>()
  private readonly cuts = new Set<(error: Error) => void>()
  private pool: pg.Pool

  constructor(private readonly options: ReplicaOptions) {
    this.name = nameOf(options.url)
    this.pool = this.open()
  }

  /** Queries that it takes at a time, waiting ones included. */
  get places(): number {
    return this.options.pool_max * IN_FLIGHT_PER_CONNECTION
  }

  get isFull(): boolean {
    return this.inFlight >= this.places
  }

  /** The least of these checkpoints here, or the highest of all when none is named; at least that far, because it was so far once. */
  knownOf(checkpoints: readonly Checkpoint[]): bigint {
    const [first, ...others] = checkpoints.map((each) => this.positions.get(keyOf(each)) ?? 0n)
    return others.reduce((least, each) => (each < least ? each : least), first ?? this.position)
  }

  /** An answer said so: a slow one may be older than what is known. */
  saw(projection: Checkpoint, position: bigint): void {
    if (position > this.knownOf([projection])) this.set(projection, position)
    this.learned_ms = performance.now()
  }

  /** It was asked, and this is where it is; a replica that was made anew may be behind what it was. */
  set(projection: Checkpoint, position: bigint): void {
    this.setAll([[projection, position]])
  }

  setAll(seen: Iterable<readonly [Checkpoint, bigint]>): void {
    for (const [projection, position] of seen) this.positions.set(keyOf(projection), position)
    this.position = [...this.positions.values()].reduce((most, each) => (each > most ? each : most), 0n)
  }

  /**
   * Runs a query on one of the connections. One that takes too long, or is under way when the replica is given up, is cut off:
   * its connection is closed, because nobody knows what it will bring.
   *
   * @throws CutOff, or what the query threw.
   */
  async run<T>(query: (client: pg.ClientBase) => Promise<T>, ms_max: number): Promise<T> {
    this.inFlight += 1
    const use: Use = { client: undefined, isCut: false }
    let cut: (error: Error) => void = () => undefined
    const cutOff = new Promise<never>((_, reject) => {
      cut = (error) => {
        use.isCut = true
        use.client?.release(error)
        reject(error)
      }
    })
    const timer = setTimeout(() => cut(new CutOff(`${this.name} did not answer within ${ms_max} ms`)), ms_max)
    this.cuts.add(cut)
    try {
      return await Promise.race([this.onConnection(query, use), cutOff])
    } finally {
      clearTimeout(timer)
      this.cuts.delete(cut)
      this.inFlight -= 1
    }
  }

  /** It hangs: ends what is under way, and does not use its connections again. */
  giveUp(reason: string): void {
    const { pool } = this
    this.pool = this.open()
    for (const cut of [...this.cuts]) cut(new CutOff(`${this.name} was given up: ${reason}`))
    void pool.end().catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.pool.end()
  }

  private async onConnection<T>(query: (client: pg.ClientBase) => Promise<T>, use: Use): Promise<T> {
    const client = await this.pool.connect()
    if (use.isCut) {
      client.release()
      throw new CutOff(`${this.name} gave a connection too late`)
    }
    use.client = client
    try {
      const result = await query(client)
      if (!isCutOff(use)) client.release()
      return result
    } catch (error) {
      // A statement that was refused leaves the connection as good as it was.
      if (!isCutOff(use)) client.release(error instanceof pg.DatabaseError ? undefined : (error as Error))
      throw error
    }
  }

  private open(): pg.Pool {
    const { url, pool_max, logger } = this.options
    const pool = new pg.Pool({
      connectionString: url,
      max: pool_max,
      application_name: 'headwater queries',
      connectionTimeoutMillis: 2_000,
      idleTimeoutMillis: 60_000,
    })
    pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection to a replica broke'))
    // One that breaks while it is used tells its query; without a listener it would end the process, too.
    pool.on('connect', (client) => client.on('error', () => undefined))
    return pool
  }
}

interface Use {
  client: pg.PoolClient | undefined
  isCut: boolean
}

/** A function, because what happens meanwhile is beyond what the compiler can see. */
function isCutOff(use: Use): boolean {
  return use.isCut
}

function nameOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port === '' ? '5432' : port}`
}
