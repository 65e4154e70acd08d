import pg from 'pg'
import { type RecordedEvent } from '#domain-kit'
import { type Logger, reasonOf } from '#runtime'
import { type ReadAllOptions, type Recalled, type ReadStreamOptions, StoreUnavailable } from '../port.js'
import { ConflictTails } from './conflict-tails.js'
import { EVENT_COLUMNS, type EventRow, toRecorded } from './event-row.js'

const PAGE = 1_000
/** Highest possible position and revision. */
const END = 9_223_372_036_854_775_807n

/** In: stream, first revision, limit. Locks nothing. */
const STREAM_SQL = (order: 'asc' | 'desc'): string => `
select ${EVENT_COLUMNS} from log.events
where stream = $1 and revision ${order === 'asc' ? '>=' : '<='} $2 order by revision ${order} limit $3`

/** In: position (exclusive), limit. Locks nothing. */
const ALL_SQL = (order: 'asc' | 'desc'): string => `
select ${EVENT_COLUMNS} from log.events
where position ${order === 'asc' ? '>' : '<'} $1 order by position ${order} limit $2`

/** In: position of the last event of an append. Out: what was appended by which command. Locks nothing. */
const COMMAND_SQL = 'select stream, revision, position, metadata from log.events where position = $1'

export interface ReaderOptions {
  readonly url: string
  /** Connections at most. */
  readonly pool_max: number
  readonly logger: Logger
}

/** Reads of the log by SQL. Every method throws StoreUnavailable when the database does not answer. */
export class PostgresReader {
  readonly pool: pg.Pool
  readonly tails = new ConflictTails((stream, options) => this.readStream(stream, options))

  constructor({ url, pool_max, logger }: ReaderOptions) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: pool_max,
      application_name: 'headwater log reader',
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
      idleTimeoutMillis: 30_000,
    })
    this.pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a log connection broke'))
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<RecordedEvent> {
    const forwards = options.direction !== 'backwards'
    let from = options.from ?? (forwards ? 0n : END)
    let left = options.limit ?? Infinity
    while (left > 0 && from >= 0n) {
      const limit = Math.min(left, PAGE)
      const rows = await this.query<EventRow>(STREAM_SQL(forwards ? 'asc' : 'desc'), [stream, from, limit])
      yield* rows.map(toRecorded)
      const last = rows.at(-1)
      if (!last || rows.length < limit) return
      left -= rows.length
      from = BigInt(last.revision) + (forwards ? 1n : -1n)
    }
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const forwards = options.direction !== 'backwards'
    let after = options.after ?? (forwards ? 0n : END)
    let left = options.limit ?? Infinity
    while (left > 0) {
      const limit = Math.min(left, PAGE)
      const events = forwards ? await this.page(after, limit) : await this.pageBack(after, limit)
      yield* events
      const last = events.at(-1)
      if (!last || events.length < limit) return
      left -= events.length
      after = last.position
    }
  }

  /** The next events after a position, at most `limit`. */
  async page(after: bigint, limit: number): Promise<RecordedEvent[]> {
    return (await this.query<EventRow>(ALL_SQL('asc'), [after, limit])).map(toRecorded)
  }

  private async pageBack(before: bigint, limit: number): Promise<RecordedEvent[]> {
    return (await this.query<EventRow>(ALL_SQL('desc'), [before, limit])).map(toRecorded)
  }

  async head(): Promise<bigint> {
    const [row] = await this.query<{ head: string }>('select coalesce(max(position), 0) as head from log.events', [])
    return BigInt(row?.head ?? '0')
  }

  async close(): Promise<void> {
    await this.pool.end()
  }

  async query<R extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<R[]> {
    try {
      return (await this.pool.query<R>(sql, [...values])).rows
    } catch (error) {
      throw new StoreUnavailable('the log cannot be read', { cause: error })
    }
  }

  /** The append whose last event has this position. @throws StoreUnavailable when it is not there (yet). */
  async commandAt(position: number): Promise<Recalled> {
    type Row = Pick<EventRow, 'stream' | 'revision' | 'position' | 'metadata'>
    const [row] = await this.query<Row>(COMMAND_SQL, [position])
    if (!row) throw new StoreUnavailable(`the event at ${position} cannot be read`)
    const { stream, revision, metadata } = row
    const requestHash = metadata.$command?.hash ?? ''
    return { stream, revision: BigInt(revision), position: BigInt(row.position), requestHash }
  }
}
