import pg from 'pg'
import { type Logger, Problem, reasonOf } from '#runtime'
import { fromSql, type StoredRow } from '../tables/row-codec.js'
import { type Columns } from '#domain-kit'
import { openRowStream, type RowStream } from './row-stream.js'
import { type Statement } from './sql.js'

export type SourceName = 'cache' | 'replica' | 'primary'

/** One snapshot: how far it reflects the log, and the rows asked for. */
export interface Snapshot {
  readonly source: SourceName
  /** The projection's checkpoint in this snapshot; 0n before the first batch. */
  readonly position: bigint
  readonly isWithin: boolean
  readonly rows: readonly StoredRow[]
  /** Where filters stopped looking, if they did not come to the end of the list. */
  readonly stoppedAt?: StoredRow | undefined
}

export interface SourcesOptions {
  readonly replicaUrls: readonly string[]
  readonly primaryUrl: string
  /** May the primary be read when no replica will do? */
  readonly primary: 'never' | 'fallback'
  /** Connections to each database, at most. */
  readonly pool_max: number
  /** Further connections to each replica, for streams alone: they never wait for those of queries, nor these for them. Default 0. */
  readonly streams_max?: number
  readonly logger: Logger
}

/** The replicas in turn, and the primary where the policy allows it. */
export class Sources {
  private readonly replicas: readonly pg.Pool[]
  private readonly primary: pg.Pool | undefined
  private turn = 0
  private readonly logger: Logger
  /** By the pool of queries to the same replica. */
  private readonly streams = new Map<pg.Pool, pg.Pool>()

  constructor({ replicaUrls, primaryUrl, primary, pool_max, streams_max = 0, logger }: SourcesOptions) {
    const open = (connectionString: string, max = pool_max, name = 'headwater queries'): pg.Pool => {
      const pool = new pg.Pool({
        connectionString,
        max,
        application_name: name,
        connectionTimeoutMillis: 2_000,
        query_timeout: 30_000,
        idleTimeoutMillis: 60_000,
      })
      pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection to a replica broke'))
      return pool
    }
    this.logger = logger
    this.replicas = replicaUrls.map((url) => {
      const pool = open(url)
      if (streams_max > 0) this.streams.set(pool, open(url, streams_max, 'headwater exports'))
      return pool
    })
    this.primary = primary === 'fallback' ? open(primaryUrl) : undefined
  }

  /** The next replica that answers. @throws Problem `unavailable` */
  async replica(statement: Statement, columns: Columns): Promise<Snapshot> {
    return this.onReplica((pool) => snapshot(pool, statement, columns, 'replica'))
  }

  /** All rows of a statement from one snapshot of the next replica that answers; see {@link openRowStream}. @throws Problem `unavailable` */
  async stream(statement: Statement, columns: Columns, signal: AbortSignal): Promise<RowStream> {
    const stream = await this.onReplica(async (pool) => {
      const streams = this.streams.get(pool)
      if (!streams) throw new Error('no connections are set aside for streams')
      return openRowStream(streams, statement, columns, signal).catch((error: unknown) => {
        // It is the reader that left, not the replica.
        if (signal.aborted) return undefined
        throw error
      })
    })
    if (stream) return stream
    throw Problem.of('unavailable', 'the export was ended before it began')
  }

  /** Plain rows from the next replica that answers. @throws Problem `unavailable` */
  async rows(text: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.onReplica(async (pool) => (await pool.query<Record<string, unknown>>(text, [...values])).rows)
  }

  private async onReplica<T>(run: (pool: pg.Pool) => Promise<T>): Promise<T> {
    let reason = 'no replica is configured'
    for (let tries = 0; tries < this.replicas.length; tries++) {
      this.turn = (this.turn + 1) % this.replicas.length
      const pool = this.replicas[this.turn]
      if (!pool) continue
      try {
        return await run(pool)
      } catch (error) {
        // A statement that is wrong is wrong everywhere.
        if (error instanceof pg.DatabaseError && error.code?.startsWith('42')) throw error
        reason = reasonOf(error)
      }
    }
    this.logger.warn({ reason }, 'no replica answers')
    throw Problem.of('unavailable', 'no replica answers')
  }

  /** undefined when the policy forbids it. */
  async primaryFor(statement: Statement, columns: Columns): Promise<Snapshot | undefined> {
    return this.primary ? snapshot(this.primary, statement, columns, 'primary') : undefined
  }

  async close(): Promise<void> {
    const pools = [...this.replicas, ...this.streams.values(), ...(this.primary ? [this.primary] : [])]
    await Promise.all(pools.map((pool) => pool.end()))
  }
}

async function snapshot(
  pool: pg.Pool,
  { text, values }: Statement,
  columns: Columns,
  source: SourceName,
): Promise<Snapshot> {
  const { rows } = await pool.query<Record<string, unknown>>(text, [...values])
  const [first] = rows
  const last = rows.find((row) => row['is_last'] === true)
  return {
    source,
    position: BigInt((first?.['checkpoint'] as string | undefined) ?? '0'),
    isWithin: first?.['is_within'] === true,
    rows: rows.filter((row) => row['is_found'] === true).map((row) => fromSql(columns, row)),
    stoppedAt: last && fromSql(columns, last),
  }
}
