import pg from 'pg'
import { type Columns } from '#domain-kit'
import { type Logger, Problem, reasonOf } from '#runtime'
import { openRowStream, type RowStream } from '../row-stream.js'
import { type Statement } from '../sql.js'
import { isWrongStatement, toldOf } from './failure.js'

/** Connections to each server for what streams: long reads of their own, beside those of queries. */
export class StreamPools {
  private readonly pools: readonly pg.Pool[]

  /** @param max connections to each server, at most. */
  constructor(
    urls: readonly string[],
    private readonly max: number,
    private readonly logger: Logger,
  ) {
    this.pools = max > 0 ? urls.map((url) => this.pool(url)) : []
  }

  /** @param order in which servers are tried, by their place. @returns the place of who streams, too. @throws Problem `unavailable` */
  async open(
    order: readonly number[],
    statement: Statement,
    columns: Columns,
    signal: AbortSignal,
  ): Promise<{ readonly at: number; readonly stream: RowStream }> {
    let reason = 'no connections are set aside for streams'
    for (const at of order) {
      const pool = this.pools[at]
      if (!pool) continue
      try {
        return { at, stream: await openRowStream(pool, statement, columns, signal, (error) => this.lost(error)) }
      } catch (error) {
        // It is the reader that left, not the replica.
        if (signal.aborted) throw Problem.of('unavailable', 'the export was ended before it began')
        if (isWrongStatement(error)) throw toldOf(error)
        reason = reasonOf(error)
      }
    }
    this.logger.warn({ reason }, 'no replica streams')
    throw Problem.of('unavailable', 'no replica answers')
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.end()))
  }

  private lost(error: unknown): void {
    this.logger.warn({ reason: reasonOf(error) }, 'a stream was cut off by its server')
  }

  private pool(connectionString: string): pg.Pool {
    const pool = new pg.Pool({
      connectionString,
      max: this.max,
      application_name: 'headwater exports',
      connectionTimeoutMillis: 2_000,
      query_timeout: 30_000,
      idleTimeoutMillis: 60_000,
    })
    pool.on('error', (error) => this.logger.warn({ reason: reasonOf(error) }, 'a connection to a replica broke'))
    return pool
  }
}
