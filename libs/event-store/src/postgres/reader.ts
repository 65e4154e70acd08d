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
import { type CopiedOut, CopyOutQuery } from './copy-out-query.js'
import { COPY_HEADER, COPY_TRAILER, decode, type Decoded, ROW_COLUMNS } from '../log/event-bytes.js'
import { type StoredMetadata } from './stored-metadata.js'
import { type RecentRows } from '../log/recent-rows.js'
import { type Wanted } from '../wanted.js'

/** Of a page of streams and of the log. */
const PAGE = 1_000
/** Of a page's rows; one event is read however large it is. */
const PAGE_BYTES = 16 * 1024 * 1024
/**
 * An append (5 s) and the read that follows upon its failure end together when the 10 s of a command are over: whoever sent it hears
 * then that nobody knows.
 */
export const PATIENCE_MS = 5_000
/** For pages of the log, which no command waits for. */
const PAGE_MS = 30_000
/** Highest possible position and revision. */
const END = 9_223_372_036_854_775_807n

/**
 * The events of a stream from a revision on; before them one at position 0 when events of the stream are archived that belong into the
 * answer (forwards), or may (backwards). Locks nothing.
 */
const STREAM_SQL = (order: 'asc' | 'desc', stream: string, from: bigint, limit: number): string => `
copy (select 0::bigint, revision, 'epoch'::timestamptz, stream, last_id, '', 0, '{}'::json, '{}'::json
from log.archived_streams where stream = ${pg.escapeLiteral(stream)} ${order === 'asc' ? `and revision >= ${from}` : ''}
union all (select ${ROW_COLUMNS} from log.events
where stream = ${pg.escapeLiteral(stream)} and revision ${order === 'asc' ? '>=' : '<='} ${from}
order by revision ${order} limit ${limit})) to stdout (format binary)`

/** Position is exclusive. Locks nothing. */
const ALL_SQL = (order: 'asc' | 'desc', position: bigint, limit: number): string => `
copy (select ${ROW_COLUMNS} from log.events
where position ${order === 'asc' ? '>' : '<'} ${position} order by position ${order} limit ${limit}) to stdout (format binary)`

/**
 * In: position of the last event of an append. Out: what was appended by which command. Locks nothing. Metadata is read here and
 * not there: of JSON that holds NUL or half a surrogate pair PostgreSQL tells nothing.
 */
const COMMAND_SQL = `
select stream, revision, position, metadata from log.events where position = $1`
const ARCHIVED_COMMAND_SQL = 'select stream, revision, position, hash from log.archived_commands where position = $1'

/** `isCut`: it has fewer events than were asked for because of their size. */
type ReadPage = Decoded & { readonly isCut: boolean }

interface CopyOptions {
  /** Default: all. */
  readonly wanted?: Wanted | undefined
  /** Default: the reader's patience. */
  readonly within_ms?: number
}

export interface ReaderOptions {
  readonly url: string
  /** Connections at most. */
  readonly pool_max: number
  /** What need not be read. */
  readonly recent?: RecentRows
  /** Of one page, but for one event. Default 16 MiB. */
  readonly page_bytes?: number
  /** How long the database is waited for by what commands wait for, in ms. Default {@link PATIENCE_MS}. */
  readonly patience_ms?: number | undefined
  readonly logger: Logger
}

/** Reads of the log by SQL. Every method throws StoreUnavailable when the database does not answer. */
export class PostgresReader {
  readonly pool: pg.Pool
  readonly tails: ConflictTails
  private readonly page_bytes: number

  constructor({ url, pool_max, recent, page_bytes = PAGE_BYTES, patience_ms, logger }: ReaderOptions) {
    this.page_bytes = page_bytes
    this.tails = new ConflictTails((stream, options) => this.readStream(stream, options), recent)
    this.pool = new pg.Pool({
      connectionString: url,
      max: pool_max,
      application_name: 'headwater log reader',
      connectionTimeoutMillis: 5_000,
      query_timeout: patience_ms ?? PATIENCE_MS,
      idleTimeoutMillis: 30_000,
    })
    this.pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a log connection broke'))
    // The pool listens to connections that nobody uses; whoever uses one is told by its query.
    this.pool.on('connect', (client) => client.on('error', () => undefined))
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<RecordedEvent> {
    const forwards = options.direction !== 'backwards'
    let from = options.from ?? (forwards ? 0n : END)
    let left = options.limit ?? Infinity
    while (left > 0 && from >= 0n) {
      const limit = Math.min(left, PAGE)
      const found = await this.copied(STREAM_SQL(forwards ? 'asc' : 'desc', stream, from, limit))
      const events = found.events.filter(({ position }) => position > 0n)
      const isMarked = events.length < found.count
      const isEnd = events.length < limit && !found.isCut
      const [first] = events
      if (forwards && (isMarked || (first && first.revision !== from))) await this.refuseStream(stream, first)
      yield* events
      const last = events.at(-1)
      if (!forwards && isEnd && (last ? last.revision !== 0n : isMarked)) await this.refuseStream(stream, last)
      if (!last || isEnd) return
      left -= events.length
      from = last.revision + (forwards ? 1n : -1n)
    }
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const forwards = options.direction !== 'backwards'
    let after = options.after ?? (forwards ? 0n : END)
    let left = options.limit ?? Infinity
    while (left > 0 && options.signal?.aborted !== true) {
      const limit = Math.min(left, PAGE)
      const { events, isCut } = forwards ? await this.page(after, limit) : await this.pageBack(after, limit)
      yield* events
      const last = events.at(-1)
      const isEnd = events.length < limit && !isCut
      if (!forwards && isEnd) await this.checkBefore(last?.position ?? after)
      if (!last || isEnd) return
      left -= events.length
      after = last.position
    }
  }

  /** The next events after a position, at most `limit` and one page, and of them those that are wanted. @param within_ms default 30,000. */
  async page(after: bigint, limit: number, wanted?: Wanted, within_ms = PAGE_MS): Promise<ReadPage> {
    const page = await this.copied(ALL_SQL('asc', after, limit), { wanted, within_ms })
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
  private async refuseStream(stream: string, visible: RecordedEvent | undefined): Promise<never> {
    const archive = await archiveAt(this, visible ? visible.position - 1n : END)
    if (!archive) throw new Error(`the stream "${stream}" has a hole`)
    throw new EventsArchived(`events of the stream "${stream}" are`, archive)
  }

  private async pageBack(before: bigint, limit: number): Promise<ReadPage> {
    return this.copied(ALL_SQL('desc', before, limit), { within_ms: PAGE_MS })
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

  private async copied(sql: string, { wanted, within_ms }: CopyOptions = {}): Promise<ReadPage> {
    const { bytes, isCut } = await this.copyOut(sql, within_ms)
    const end = isCut ? bytes.length : bytes.length - COPY_TRAILER.length
    return { ...decode(bytes.subarray(COPY_HEADER.length, end), wanted), isCut }
  }

  private async copyOut(sql: string, within_ms: number | undefined): Promise<CopiedOut> {
    let client: pg.PoolClient | undefined
    let isWhole = false
    try {
      client = await this.pool.connect()
      const copied = await CopyOutQuery.run(client, sql, this.page_bytes, within_ms)
      isWhole = !copied.isCut
      return copied
    } catch (error) {
      throw new StoreUnavailable('the log cannot be read', { cause: error })
    } finally {
      // One that still has rows to bring ends with them: to take them all would cost more than another.
      client?.release(!isWhole)
    }
  }

  /** The append whose last event has this position, archived or not. @throws StoreUnavailable when it is not there (yet). */
  async commandAt(position: number): Promise<Recalled> {
    const [inLog] = await this.query<Place & { readonly metadata: StoredMetadata }>(COMMAND_SQL, [position])
    if (inLog) return recalled(inLog, inLog.metadata.$command?.hash)
    const [archived] = await this.query<Place & { readonly hash: string }>(ARCHIVED_COMMAND_SQL, [position])
    if (archived) return recalled(archived, archived.hash)
    throw new StoreUnavailable(`the event at ${position} cannot be read`)
  }
}

/** As pg hands it over: 64-bit integers are text. */
interface Place {
  readonly stream: string
  readonly revision: string
  readonly position: string
}

function recalled({ stream, revision, position }: Place, requestHash = ''): Recalled {
  return { stream, revision: BigInt(revision), position: BigInt(position), requestHash }
}
