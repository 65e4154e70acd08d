import { type CollectionResource, type Columns, type DocumentResource, type ListResource, ROWS_MAX } from '#domain-kit'
import { type Logger, Problem } from '#runtime'
import { type CachedRow, type CachePlace, CacheReader } from '../cache/cache-reader.js'
import { buildField, ownField, stateKey } from '../cache/keys.js'
import { type Redis } from '../cache/redis.js'
import { documentText, rowSuffix } from '../project/changes.js'
import { decodeRow, type StoredRow } from '../tables/row-codec.js'
import { laneFor } from '../project/lanes.js'
import { type ReadTable } from '../tables/table.js'
import { type Answer, answerOf, boundedAnswer, itemOf, notFound } from './answers.js'
import { type Carriers } from './carriers.js'
import { Cursors } from './cursor.js'
import { etagOf } from './etag.js'
import { latestReadable, latestSql, momentSql } from './history-sql.js'
import { listSql, rowsFor } from './list-sql.js'
import { type At, FRESH_MS_MAX, type ListQuery } from './query.js'
import { type NamedResource, type ReadableHistory, type ReadableResource } from './resources.js'
import { SharedReads } from './shared-reads.js'
import { type Snapshot, type Sources } from './sources.js'
import { checkpointsIn, collectionSql, documentSql, type Place, type Statement } from './sql.js'

/** Items of a list in log order, for a subscriber that catches up. */
export interface MissedItems {
  readonly position: bigint
  readonly build: number
  readonly items: readonly { readonly place: Place; readonly item: object }[]
  readonly isComplete: boolean
}

/** Of the rows of a page, which are then parsed and written again. A page of 1,000 usual items is a tenth of it. */
const PAGE_BYTES_MAX = 4 * 1_024 * 1_024
/** Of missed rows, for each item that is asked for: what is one position's comes whole to who asks for enough. */
const MISSED_BYTES_MAX = 4 * 1_024
/** Such a cache gets no more batches, and would age for ever. */
const CACHE_STALE_MS_MAX = 5_000

export interface ReaderOptions {
  readonly sources: Sources
  readonly carriers: Pick<Carriers, 'of'>
  readonly redis: Redis
  readonly logger: Logger
  /** How long a query waits for a source that is fresh enough. Default 2,000. */
  readonly wait_ms_max?: number
  /** How long the cache may keep a query waiting, in ms. Default 100. */
  readonly read_ms_max?: number
  /** A cache that some replica has been ahead of for so long, in ms, is not read. Default 5,000. */
  readonly cache_stale_ms_max?: number
  /** Rows that the filters of one page look at where no index helps; a page that they end has a `next`. Default 50,000. */
  readonly scanned_max?: number
}

interface Fresh {
  readonly minPosition: bigint
  /** Of the token of who asks: of those who wait, one subject's are a part only. */
  readonly subject?: string | undefined
}

/** What answers queries. */
export type Reading = Pick<Reader, 'document' | 'list' | 'collection'>

/** A position of long ago, if one was asked for, and how fresh a source must be to know it. */
export interface When extends Fresh {
  readonly at: bigint | undefined
}

type Params = Readonly<Record<string, string>>

/** What is read of a table, and of which instance. */
interface Tabled {
  readonly readable: Pick<ReadableResource, 'table' | 'within'>
  readonly params: Params
}

/** Reads resources: Redis first, then a replica that is fresh enough, the primary only by policy. */
export class Reader {
  private readonly wait_ms_max: number
  private readonly cache: CacheReader
  private readonly misses = new SharedReads<Snapshot>()

  constructor(private readonly options: ReaderOptions) {
    this.wait_ms_max = options.wait_ms_max ?? FRESH_MS_MAX
    this.cache = new CacheReader(options)
  }

  /** Reads for one token subject. */
  for(subject: string): Reading {
    const theirs = (fresh: Fresh): Fresh => ({ ...fresh, subject })
    return {
      document: (named, fresh, at) => this.document(named, theirs(fresh), at),
      list: (named, query, fresh) => this.list(named, query, theirs(fresh)),
      collection: (named, query, fresh, at) => this.collection(named, query, theirs(fresh), at),
    }
  }

  /** @throws Problem `not-found`, `not-fresh-enough`, `unavailable`, `overloaded` */
  async document(named: NamedResource, fresh: Fresh, at?: At): Promise<Answer> {
    const { readable, params } = named
    const { minPosition } = fresh
    if (at) return this.asItWas(named, {}, at, fresh)
    const { table } = readable
    const resource = readable.resource as DocumentResource
    const place = this.placeOf(table, params)
    const cached = await this.cached(place, minPosition)
    if (cached?.text !== undefined)
      return answerOf(readable, resource, parseRow(table.columns, cached.text), { ...cached, source: 'cache' })
    const end_ms = performance.now() + this.wait_ms_max
    const left_ms = (): number => Math.max(0, end_ms - performance.now())
    const read = (): Promise<Snapshot> => this.miss({ readable, params }, place, cached, fresh, left_ms())
    const snapshot = await this.misses.read(place.suffix, minPosition, read, () => left_ms() === 0)
    const [row] = snapshot.rows
    if (!row) throw notFound(params, undefined, snapshot.position)
    return answerOf(readable, resource, row, snapshot)
  }

  /** A page, newest first when no order is asked for. It ends before `limit` where it would be more than 4 MiB. @throws Problem as `document`, and `invalid-cursor` */
  async list(named: NamedResource, query: ListQuery & { readonly limit: number }, fresh: Fresh): Promise<Answer> {
    const { readable, params } = named
    const resource = readable.resource as ListResource
    const cursors = new Cursors(named, query)
    const before = query.cursor === undefined ? undefined : cursors.decode(query.cursor)
    const when = await this.when(named, before?.at === undefined ? query.at : { position: before.at }, fresh)
    const { limit, where, sort } = query
    const { scanned_max = 50_000 } = this.options
    const range = { limit: rowsFor(limit), where, sort, before, at: when.at, scanned_max }
    const bound = { rows_max: range.limit, bytes_max: PAGE_BYTES_MAX }
    const snapshot = await this.fresh({ ...listSql(named, range), bound }, named, when)
    if (!snapshot.isWithin) throw notFound(params, when.at, when.at ?? snapshot.position)
    const rows = snapshot.rows.slice(0, limit)
    const end = snapshot.rows.length > limit || snapshot.isCut ? rows.at(-1) : snapshot.stoppedAt
    const next = end ? cursors.encode(end, when.at) : null
    const position = when.at ?? snapshot.position
    const items = rows.map((row) => itemOf(resource, row))
    const data = { position: position.toString(), items, next }
    const { build, source, replica } = snapshot
    return { position, build, source, replica, etag: etagOf(readable, build, position, rows, named.only), data }
  }

  /** Every item after a place, oldest first, at most `limit`, and for each of these at most 4 KiB of rows; at least one. */
  async missed(named: NamedResource, after: Place, limit: number, fresh: Fresh): Promise<MissedItems> {
    const { readable, params } = named
    const resource = readable.resource as ListResource
    const bound = { rows_max: limit + 1, bytes_max: limit * MISSED_BYTES_MAX }
    const statement = { ...listSql(named, { limit: limit + 1, after }), bound }
    const { position, build, rows, isWithin, isCut } = await this.fresh(statement, named, fresh)
    if (!isWithin) throw notFound(params, undefined, position)
    const items = rows.slice(0, limit).map((row) => ({ place: row.created, item: itemOf(resource, row) }))
    return { position, build, items, isComplete: rows.length <= limit && !isCut }
  }

  /** @throws Problem as `document`, `too-many-rows`, and `forbidden` of long ago for who may see some rows only */
  async collection(named: NamedResource, query: object, fresh: Fresh, at?: At): Promise<Answer> {
    const { readable, params, only } = named
    if (at) return this.asItWas(named, query, at, fresh)
    const resource = readable.resource as CollectionResource
    const statement = collectionSql(readable, params, resource.prefix(query), ROWS_MAX + 1, only)
    const { position, build, source, replica, rows, isWithin } = await this.fresh(statement, named, fresh)
    if (!isWithin) throw notFound(params, undefined, position)
    const answer = boundedAnswer(rows, (all) => resource.answer(all, query))
    const data = { position: position.toString(), ...answer }
    return { position, build, source, replica, etag: etagOf(readable, build, position, rows, only), data }
  }

  /** What `at` names, as a position. @throws Problem `not-found` when there was nothing yet at that time */
  async when({ readable, params }: NamedResource, at: At | undefined, fresh: Fresh): Promise<When> {
    const { minPosition } = fresh
    if (!at) return { ...fresh, at: undefined }
    let position: bigint
    if ('position' in at) ({ position } = at)
    else {
      const history = historyOf(readable)
      const moment = await this.fresh(
        momentSql(history, params, at.time),
        { readable: { table: history.timeline, within: undefined }, params },
        fresh,
      )
      const [row] = moment.rows
      if (!row) throw notFound(params, at.time, moment.position)
      position = row.changed
    }
    return { ...fresh, at: position, minPosition: position > minPosition ? position : minPosition }
  }

  /** A document or a collection at an earlier position. The cache knows the newest state only and is not asked. */
  private async asItWas(named: NamedResource, query: object, at: At, fresh: Fresh): Promise<Answer> {
    const { readable, params, only } = named
    const { latest } = historyOf(readable)
    const resource = readable.resource as DocumentResource | CollectionResource
    const { history } = resource
    if (!latest || !history) throw new Error(`resource "${resource.name}" has no history`)
    // Lines of long ago do not say whose they are, but by the path.
    if (only) throw Problem.of('forbidden', `the token covers some ${only.column}s only`)
    const when = await this.when(named, at, fresh)
    const position = when.at ?? when.minPosition
    const prefixes = resource.kind === 'collection' ? resource.prefix(query) : {}
    const statement = latestSql(readable, latest, params, { at: position, prefixes, limit: ROWS_MAX + 1 })
    const found = await this.fresh(statement, { readable: latestReadable(readable, latest), params }, when)
    const { build, source, replica, rows, isWithin } = found
    if (!isWithin) throw notFound(params, position, position)
    const answer = boundedAnswer(rows, (lines) => history.answer(lines, { params, query }))
    const data = { position: position.toString(), ...answer }
    return { position, build, source, replica, etag: etagOf({ table: latest.lines }, build, position), data }
  }

  /** Rows for a computation, from one snapshot of a replica. */
  async snapshot(named: Tabled, statement: Statement, minPosition: bigint): Promise<Snapshot> {
    return this.fresh(statement, named, { minPosition })
  }

  private placeOf(table: ReadTable, params: Params): CachePlace {
    const lane = laneFor(table, params)
    if (lane === undefined) throw new RangeError(`a document of "${table.id}" is read without its whole key`)
    const key = stateKey(this.options.carriers.of(table), lane)
    const { projection } = table
    return { key, suffix: rowSuffix(table, params), own: ownField(projection), build: buildField(projection) }
  }

  /** What the cache says, if that is fresh enough for this query. */
  private async cached(place: CachePlace, minPosition: bigint): Promise<CachedRow | undefined> {
    const cached = await this.cache.read(place)
    if (!cached || cached.position < minPosition) return undefined
    const { sources, cache_stale_ms_max = CACHE_STALE_MS_MAX } = this.options
    return sources.staleFor_ms(cached.position) > cache_stale_ms_max ? undefined : cached
  }

  private async miss(
    { readable, params }: Pick<NamedResource, 'readable' | 'params'>,
    place: CachePlace,
    cached: CachedRow | undefined,
    fresh: Fresh,
    wait_ms_max: number,
  ): Promise<Snapshot> {
    const snapshot = await this.fresh(documentSql(readable, params), { readable, params }, fresh, wait_ms_max)
    const [row] = snapshot.rows
    // A promotion moves no position: one replica may have replayed it, another one not.
    const isSame = cached?.position === snapshot.position && cached.build === snapshot.build
    // Under another name than the row's own (a decimal may be written in several ways) nobody would keep it up to date.
    const isOwn = row && rowSuffix(readable.table, row.row) === place.suffix
    if (isOwn && isSame) this.cache.fill(cached, place, documentText(readable.table, row))
    return snapshot
  }

  /** A replica's snapshot at or past the position, in the lane of what is read; waits for one, bounded. */
  private async fresh(
    statement: Statement,
    { readable, params }: Tabled,
    { minPosition, subject }: Fresh,
    wait_ms_max = this.wait_ms_max,
  ): Promise<Snapshot> {
    const of = checkpointsIn(readable, params)
    return this.options.sources.replica(statement, readable.table.columns, { of, minPosition, wait_ms_max, subject })
  }
}

/** Cached rows carry their columns by place. */
function parseRow(columns: Columns, value: string): StoredRow {
  const [row, created, ordinal, changed] = JSON.parse(value) as [unknown[], string, number, string]
  return { row: decodeRow(columns, row), created: { position: BigInt(created), ordinal }, changed: BigInt(changed) }
}

function historyOf({ history, resource }: ReadableResource): ReadableHistory {
  if (!history) throw new Error(`resource "${resource.name}" has no history`)
  return history
}
