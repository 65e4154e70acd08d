import pg from 'pg'
import { type RecordedEvent } from '#domain-kit'
import { type Logger, reasonOf } from '#runtime'
import {
  EventsArchived,
  type ReadAllOptions,
  type Recalled,
  type ReadStreamOptions,
  StoreUnavailable,
} from '../port.js'
import { archiveAt } from './archive/archives.js'
import { ConflictTails } from './conflict-tails.js'
import { CopyOutQuery } from './copy-out-query.js'
import { COPY_HEADER, COPY_TRAILER, decode, type Decoded, ROW_COLUMNS } from './event-bytes.js'
import { EVENT_COLUMNS, type EventRow, toRecorded } from './event-row.js'
import { type RecentRows } from './recent-rows.js'
import { type Wanted } from '../wanted.js'

const PAGE = 1_000
/** Highest possible position and revision. */
const END = 9_223_372_036_854_775_807n

/**
 * In: stream, first revision, limit. Out: its events; and one row without a position when events of the stream are archived that
 * belong into the answer (forwards), or may (backwards). Locks nothing.
 */
const STREAM_SQL = (order: 'asc' | 'desc'): string => `
(select ${EVENT_COLUMNS} from log.events
where stream = $1 and revision ${order === 'asc' ? '>=' : '<='} $2 order by revision ${order} limit $3)
union all select null, stream, revision, null, null, null, null, null, null from log.archived_streams
where stream = $1 ${order === 'asc' ? 'and revision >= $2' : ''}`

/** Position is exclusive. Locks nothing. */
const ALL_SQL = (order: 'asc' | 'desc', position: bigint, limit: number): string => `
copy (select ${ROW_COLUMNS} from log.events
where position ${order === 'asc' ? '>' : '<'} ${position} order by position ${order} limit ${limit}) to stdout (format binary)`

/** In: position of the last event of an append. Out: what was appended by which command. Locks nothing. */
const COMMAND_SQL = `
select stream, revision, position, metadata->'$command'->>'hash' as hash from log.events where position = $1`
const ARCHIVED_COMMAND_SQL = 'select stream, revision, position, hash from log.archived_commands where position = $1'

/** Says that the archive holds events of a stream. */
interface Marker {
  readonly position: null
}

export interface ReaderOptions {
  readonly url: string
  /** Connections at most. */
  readonly pool_max: number
  /** What need not be read. */
  readonly recent?: RecentRows
  readonly logger: Logger
}

/** Reads of the log by SQL. Every method throws StoreUnavailable when the database does not answer. */
export class PostgresReader {
  readonly pool: pg.Pool
  readonly tails: ConflictTails

  constructor({ url, pool_max, recent, logger }: ReaderOptions) {
    this.tails = new ConflictTails((stream, options) => this.readStream(stream, options), recent)
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
      const found = await this.query<EventRow | Marker>(STREAM_SQL(forwards ? 'asc' : 'desc'), [stream, from, limit])
      const rows = found.filter((row) => row.position !== null)
      const isMarked = rows.length < found.length
      const [first] = rows
      if (forwards && (isMarked || (first && BigInt(first.revision) !== from))) await this.refuseStream(stream, first)
      yield* rows.map(toRecorded)
      const last = rows.at(-1)
      if (!forwards && rows.length < limit && (last ? last.revision !== '0' : isMarked))
        await this.refuseStream(stream, last)
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
      const { events } = forwards ? await this.page(after, limit) : await this.pageBack(after, limit)
      yield* events
      const last = events.at(-1)
      if (!forwards && events.length < limit) await this.checkBefore(last?.position ?? after)
      if (!last || events.length < limit) return
      left -= events.length
      after = last.position
    }
  }

  /** The next events after a position, at most `limit`, and of them those that are wanted. */
  async page(after: bigint, limit: number, wanted?: Wanted): Promise<Decoded> {
    const page = await this.copied(ALL_SQL('asc', after, limit), wanted)
    if (page.count === 0 || page.first === after + 1n) return page
    const archive = await archiveAt(this, after + 1n)
    if (!archive) throw new Error(`the log has a hole from position ${after + 1n} to ${page.first - 1n}`)
    throw new EventsArchived(`events from position ${after + 1n} on are`, archive)
  }

  /** @throws EventsArchived when there were events before this position. */
  private async checkBefore(position: bigint): Promise<void> {
    const archive = position > 1n ? await archiveAt(this, position - 1n) : undefined
    if (archive) throw new EventsArchived(`events before position ${position} are`, archive)
  }

  /** @throws EventsArchived, always. `visible` is the first of the stream's events that is not archived. */
  private async refuseStream(stream: string, visible: EventRow | undefined): Promise<never> {
    const archive = await archiveAt(this, visible ? BigInt(visible.position) - 1n : END)
    if (!archive) throw new Error(`the stream "${stream}" has a hole`)
    throw new EventsArchived(`events of the stream "${stream}" are`, archive)
  }

  private async pageBack(before: bigint, limit: number): Promise<Decoded> {
    return this.copied(ALL_SQL('desc', before, limit))
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

  private async copied(sql: string, wanted?: Wanted): Promise<Decoded> {
    const bytes = await this.copyOut(sql)
    return decode(bytes.subarray(COPY_HEADER.length, -COPY_TRAILER.length), wanted)
  }

  private async copyOut(sql: string): Promise<Buffer> {
    let client: pg.PoolClient | undefined
    let isWhole = false
    try {
      client = await this.pool.connect()
      const bytes = await CopyOutQuery.run(client, sql)
      isWhole = true
      return bytes
    } catch (error) {
      throw new StoreUnavailable('the log cannot be read', { cause: error })
    } finally {
      client?.release(!isWhole)
    }
  }

  /** The append whose last event has this position, archived or not. @throws StoreUnavailable when it is not there (yet). */
  async commandAt(position: number): Promise<Recalled> {
    type Row = Pick<EventRow, 'stream' | 'revision' | 'position'> & { readonly hash: string | null }
    const [inLog] = await this.query<Row>(COMMAND_SQL, [position])
    const [row] = inLog ? [inLog] : await this.query<Row>(ARCHIVED_COMMAND_SQL, [position])
    if (!row) throw new StoreUnavailable(`the event at ${position} cannot be read`)
    const { stream, revision, hash } = row
    return { stream, revision: BigInt(revision), position: BigInt(row.position), requestHash: hash ?? '' }
  }
}
