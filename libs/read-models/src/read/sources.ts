import pg from 'pg'
import { type Logger, Problem, reasonOf } from '#runtime'
import { fromSql, type StoredRow } from '../tables/row-codec.js'
import { type Columns } from '#domain-kit'
import { type BoundedRows, queryBounded } from './bounded-query.js'
import { toldOf } from './replicas/failure.js'
import { type Checkpoint } from './replicas/replica.js'
import { ReplicaSet, type ReplicaSetOptions, type ReplicaStatus } from './replicas/replica-set.js'
import { StreamPools } from './replicas/stream-pools.js'
import { type RowStream } from './row-stream.js'
import { checkpointOf, type Statement } from './sql.js'
import { nameOfStatement } from './statement-names.js'

export type SourceName = 'cache' | 'replica' | 'primary'

/** One snapshot: how far it reflects the log, and the rows asked for. */
export interface Snapshot {
  readonly source: SourceName
  /** Which replica, `host:port`. */
  readonly replica?: string
  /** The projection's checkpoint in this snapshot; 0n before the first batch. */
  readonly position: bigint
  /** Of the projection, the one that was read. */
  readonly build: number
  readonly isWithin: boolean
  readonly rows: readonly StoredRow[]
  /** There are more rows, beyond the statement's bound. */
  readonly isCut: boolean
  /** Where filters stopped looking, if they did not come to the end of the list. */
  readonly stoppedAt?: StoredRow | undefined
}

export interface SourcesOptions extends Omit<ReplicaSetOptions, 'urls'> {
  readonly replicaUrls: readonly string[]
  readonly primaryUrl: string
  /** May the primary be read when no replica will do? */
  readonly primary: 'never' | 'fallback'
  /** Further connections to each replica, for streams alone: they never wait for those of queries, nor these for them. Default 0. */
  readonly streams_max?: number
}

/** What a query asks of its source. */
export interface Freshness {
  /** Whose checkpoints the token is compared with, the least of them. Default: whichever is the highest. */
  readonly of?: readonly Checkpoint[]
  /** Default 0. */
  readonly minPosition?: bigint
  /** How long to wait for a source that is so fresh, in ms. Default 0. */
  readonly wait_ms_max?: number
  /** Of the token of who asks: of those who wait, one subject's are a part only. */
  readonly subject?: string | undefined
}

/** The replicas, and the primary where the policy allows it. */
export class Sources {
  private readonly replicas: ReplicaSet
  private readonly primary: pg.Pool | undefined
  private readonly logger: Logger
  private readonly streams: StreamPools
  private turn = 0

  constructor({ replicaUrls, primaryUrl, primary, streams_max = 0, ...options }: SourcesOptions) {
    this.logger = options.logger
    this.replicas = new ReplicaSet({ ...options, urls: replicaUrls })
    const urls = primary === 'fallback' ? [...replicaUrls, primaryUrl] : replicaUrls
    this.streams = new StreamPools(urls, streams_max, options.logger)
    this.primary = primary === 'fallback' ? this.open(primaryUrl, options.pool_max) : undefined
  }

  /**
   * From a replica that is as fresh as asked for; of the primary, when none is and the policy allows it.
   *
   * @throws Problem `not-fresh-enough`, `unavailable`, `overloaded`
   */
  async replica(statement: Statement, columns: Columns, freshness: Freshness = {}): Promise<Snapshot> {
    const { of = [], minPosition = 0n, wait_ms_max = 0, subject } = freshness
    const query = (client: pg.ClientBase): Promise<Snapshot> => snapshot(client, statement, columns, 'replica')
    const found = await this.replicas
      .read(query, { of, minPosition, subject }, ({ position }) => position, wait_ms_max)
      .catch((error: unknown) => {
        if (!this.primary) throw this.said(error)
        return undefined
      })
    if (found) return { ...found.result, replica: found.replica.name }
    const primary = await this.ofPrimary(statement, columns)
    if (primary && primary.position >= minPosition) return primary
    const position = primary?.position ?? this.replicas.freshest(of)
    throw notFreshEnough(minPosition, position)
  }

  /**
   * All rows of a statement from one snapshot of a source that is as fresh as asked for; see {@link openRowStream}. Who that is is found out
   * before, by a statement that costs nothing.
   *
   * @param look tells how far the source is. @throws Problem `unavailable`, `not-fresh-enough`, `overloaded`
   */
  async stream(
    statement: Statement,
    look: Statement,
    columns: Columns,
    freshness: Freshness & { readonly signal: AbortSignal },
  ): Promise<RowStream & Pick<Snapshot, 'source'>> {
    const { minPosition = 0n, signal } = freshness
    const found = minPosition > 0n ? await this.replica(look, columns, freshness) : undefined
    const { at, stream } = await this.streams.open(this.orderAfter(found), statement, columns, signal)
    const source = at === this.replicas.status().length ? 'primary' : 'replica'
    if (stream.position >= minPosition) return { ...stream, source }
    // The one that was fresh enough is away by now.
    stream.close()
    throw notFreshEnough(minPosition, stream.position)
  }

  /** Servers as streams try them: the one that was found first, then those that are well, the primary last. */
  private orderAfter(found: Snapshot | undefined): readonly number[] {
    const replicas = this.replicas.status()
    this.turn += 1
    const inTurn = replicas.map((_, at) => (at + this.turn) % replicas.length)
    const isWell = (at: number): boolean => replicas[at]?.isEjected === false
    const first =
      found?.source === 'primary' ? [replicas.length] : inTurn.filter((at) => replicas[at]?.name === found?.replica)
    return [...new Set([...first, ...inTurn.filter(isWell), ...inTurn, replicas.length])]
  }

  /** Plain rows from a replica that answers. @throws Problem `unavailable`, `overloaded` */
  async rows(text: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const query = async (client: pg.ClientBase): Promise<readonly Record<string, unknown>[]> =>
      (await client.query<Record<string, unknown>>(text, [...values])).rows
    const anywhere = { of: [], minPosition: 0n }
    const found = await this.replicas
      .read(query, anywhere, () => 0n, 0)
      .catch((error: unknown) => {
        throw this.said(error)
      })
    return found?.result ?? []
  }

  /** A projector has committed up to here: who waits for it at a replica need not wait longer than the replica takes. */
  expect(position: bigint): void {
    this.replicas.expect(position)
  }

  /** How far every replica is with every one of these projections; 0n before one has begun. */
  progress(projections: readonly Checkpoint[]): bigint {
    const all = projections.map((each) => this.replicas.least([each]))
    return all.reduce((least, each) => (each < least ? each : least), all[0] ?? 0n)
  }

  /** For how long, in ms, some replica has been known to be beyond a position. */
  staleFor_ms(position: bigint): number {
    return this.replicas.staleFor_ms(position)
  }

  /** Queries that the replicas take at a time, waiting ones included; beyond that they are `overloaded`. */
  get places(): number {
    return this.replicas.places
  }

  /** Can no replica be reached? */
  get isAway(): boolean {
    return this.replicas.isAway
  }

  status(): readonly ReplicaStatus[] {
    return this.replicas.status()
  }

  async close(): Promise<void> {
    await Promise.all([this.replicas.close(), this.streams.close(), this.primary?.end()])
  }

  /** Undefined when it may not be asked. */
  private async ofPrimary(statement: Statement, columns: Columns): Promise<Snapshot | undefined> {
    if (!this.primary) return undefined
    try {
      const query = (client: pg.ClientBase): Promise<Snapshot> => snapshot(client, statement, columns, 'primary')
      return await onConnection(this.primary, query)
    } catch (error) {
      this.logger.warn({ reason: reasonOf(error) }, 'the primary does not answer')
      throw toldOf(error)
    }
  }

  private said(error: unknown): unknown {
    this.logger.warn({ reason: reasonOf(error) }, 'no replica answers')
    return error
  }

  private open(connectionString: string, max: number): pg.Pool {
    const pool = new pg.Pool({
      connectionString,
      max,
      application_name: 'headwater queries',
      connectionTimeoutMillis: 2_000,
      query_timeout: 30_000,
      idleTimeoutMillis: 60_000,
    })
    pool.on('error', (error) => this.logger.warn({ reason: reasonOf(error) }, 'a connection to the primary broke'))
    return pool
  }
}

function notFreshEnough(wanted: bigint, position: bigint): Problem {
  const headers = { 'headwater-position': position.toString() }
  const detail = `position ${wanted} was asked for, the freshest source is at ${position}`
  return Problem.of('not-fresh-enough', detail, { headers })
}

async function onConnection<T>(pool: pg.Pool, query: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    const result = await query(client)
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function snapshot(
  client: pg.ClientBase,
  { text, values, bound }: Statement,
  columns: Columns,
  source: SourceName,
): Promise<Snapshot> {
  const name = nameOfStatement(text)
  const statement = { text, values: [...values], ...(name === undefined ? {} : { name }) }
  const { rows, isCut } = await (bound ? queryBounded(client, statement, bound) : queryAll(client, statement))
  const [first] = rows
  const last = rows.find((row) => row['is_last'] === true)
  return {
    source,
    ...checkpointOf(first),
    isWithin: first?.['is_within'] === true,
    isCut,
    rows: rows.filter((row) => row['is_found'] === true).map((row) => fromSql(columns, row)),
    stoppedAt: last && fromSql(columns, last),
  }
}

async function queryAll(client: pg.ClientBase, statement: pg.QueryConfig): Promise<BoundedRows> {
  const { rows } = await client.query<Record<string, unknown>>(statement)
  return { rows, isCut: false }
}
