import { type CollectionResource, type Columns, type DocumentResource, type ListResource } from '#domain-kit'
import { type Logger, Problem } from '#runtime'
import { type CachedRow, type CachePlace, CacheReader } from '../cache/cache-reader.js'
import { ownField, stateKey } from '../cache/keys.js'
import { type Redis } from '../cache/redis.js'
import { documentText, rowSuffix } from '../project/changes.js'
import { decodeRow, type StoredRow } from '../tables/row-codec.js'
import { laneFor } from '../project/lanes.js'
import { type ReadTable } from '../tables/table.js'
import { type Carriers } from './carriers.js'
import { decodeCursor, encodeCursor } from './cursor.js'
import { type NamedResource, type ReadableResource } from './resources.js'
import { SharedReads } from './shared-reads.js'
import { type Snapshot, type SourceName, type Sources } from './sources.js'
import { collectionSql, documentSql, listSql, type Place, type Statement } from './sql.js'

/** An answer and what it reflects. */
export interface Answer {
  readonly position: bigint
  readonly source: SourceName
  /** Which replica, `host:port`, when it was one. */
  readonly replica?: string | undefined
  /** Changes when the answer may have changed. */
  readonly etag: string
  readonly data: object
  /** What a token must cover beyond the path, to see it. */
  readonly covers?: { readonly aggregate: string; readonly id: string }
}

/** Items of a list in log order, for a subscriber that catches up. */
export interface MissedItems {
  readonly position: bigint
  readonly items: readonly { readonly place: Place; readonly item: object }[]
  readonly isComplete: boolean
}

export const ROWS_MAX = 100_000
/** A cache that some replica has been ahead of for so long is not read: it gets no more batches, and would age for ever. */
const CACHE_STALE_MS_MAX = 5_000

export interface ReaderOptions {
  readonly sources: Sources
  readonly carriers: Pick<Carriers, 'of'>
  readonly redis: Redis
  readonly logger: Logger
  /** How long a query waits for a source that is fresh enough. Default 2,000. */
  readonly wait_ms_max?: number
}

interface Fresh {
  readonly minPosition: bigint
}

/** What answers queries. */
export type Reading = Pick<Reader, 'document' | 'list' | 'collection'>

type Params = Readonly<Record<string, string>>

/** Reads resources: Redis first, then a replica that is fresh enough, the primary only by policy. */
export class Reader {
  private readonly wait_ms_max: number
  private readonly cache: CacheReader
  private readonly misses = new SharedReads<Snapshot>()

  constructor(private readonly options: ReaderOptions) {
    this.wait_ms_max = options.wait_ms_max ?? 2_000
    this.cache = new CacheReader(options)
  }

  /** @throws Problem `not-found`, `not-fresh-enough`, `unavailable` */
  async document({ readable, params }: NamedResource, { minPosition }: Fresh): Promise<Answer> {
    const { table } = readable
    const resource = readable.resource as DocumentResource
    const place = this.placeOf(table, params)
    const cached = await this.cached(place, minPosition)
    if (cached?.text !== undefined)
      return answerOf(readable, resource, parseRow(table.columns, cached.text), cached.position, { source: 'cache' })
    const read = (): Promise<Snapshot> => this.miss({ readable, params }, place, cached, minPosition)
    const snapshot = await this.misses.read(place.suffix, minPosition, read)
    const [row] = snapshot.rows
    if (!row) throw notFound(params)
    return answerOf(readable, resource, row, snapshot.position, snapshot)
  }

  /** A page, newest first. @throws Problem as `document`, and `invalid-cursor` */
  async list(
    named: NamedResource,
    query: { limit: number; cursor?: string | undefined },
    { minPosition }: Fresh,
  ): Promise<Answer> {
    const { readable, params, only } = named
    const resource = readable.resource as ListResource
    const before = query.cursor === undefined ? undefined : decodeCursor(resource.name, query.cursor)
    const statement = listSql(readable, params, { limit: query.limit + 1, before, only })
    const snapshot = await this.fresh(statement, readable, minPosition)
    if (!snapshot.isWithin) throw notFound(params)
    const rows = snapshot.rows.slice(0, query.limit)
    const last = rows.at(-1)
    const next = snapshot.rows.length > query.limit && last ? encodeCursor(resource.name, last.created) : null
    const { position, source, replica } = snapshot
    const items = rows.map((row) => itemOf(resource, row))
    const data = { position: position.toString(), items, next }
    return { position, source, replica, etag: etagOf(readable, position), data }
  }

  /** Every item after a place, oldest first, at most `limit`. */
  async missed(
    { readable, params, only }: NamedResource,
    after: Place,
    limit: number,
    { minPosition }: Fresh,
  ): Promise<MissedItems> {
    const resource = readable.resource as ListResource
    const { position, rows, isWithin } = await this.fresh(
      listSql(readable, params, { limit: limit + 1, after, only }),
      readable,
      minPosition,
    )
    if (!isWithin) throw notFound(params)
    const items = rows.slice(0, limit).map((row) => ({ place: row.created, item: itemOf(resource, row) }))
    return { position, items, isComplete: rows.length <= limit }
  }

  /** @throws Problem as `document`, and `too-many-rows` */
  async collection({ readable, params }: NamedResource, query: object, { minPosition }: Fresh): Promise<Answer> {
    const resource = readable.resource as CollectionResource
    const statement = collectionSql(readable, params, resource.prefix(query), ROWS_MAX + 1)
    const { position, source, replica, rows, isWithin } = await this.fresh(statement, readable, minPosition)
    if (!isWithin) throw notFound(params)
    if (rows.length > ROWS_MAX) throw Problem.of('too-many-rows', `more than ${ROWS_MAX} rows; narrow the query`)
    const answer = resource.answer(
      rows.map(({ row }) => row),
      query,
    )
    const data = { position: position.toString(), ...answer }
    return { position, source, replica, etag: etagOf(readable, position), data }
  }

  /** Rows for a computation, from one snapshot of a replica. */
  async snapshot(
    readable: Pick<ReadableResource, 'table' | 'within'>,
    statement: Statement,
    minPosition: bigint,
  ): Promise<Snapshot> {
    return this.fresh(statement, readable, minPosition)
  }

  private placeOf(table: ReadTable, params: Params): CachePlace {
    const lane = laneFor(table, params)
    if (lane === undefined) throw new RangeError(`a document of "${table.id}" is read without its whole key`)
    const key = stateKey(this.options.carriers.of(table), lane)
    return { key, suffix: rowSuffix(table, params), own: ownField(table.projection) }
  }

  /** What the cache says, if that is fresh enough for this query. */
  private async cached(place: CachePlace, minPosition: bigint): Promise<CachedRow | undefined> {
    const cached = await this.cache.read(place)
    if (!cached || cached.position < minPosition) return undefined
    return this.options.sources.staleFor_ms(cached.position) > CACHE_STALE_MS_MAX ? undefined : cached
  }

  private async miss(
    { readable, params }: Pick<NamedResource, 'readable' | 'params'>,
    place: CachePlace,
    cached: CachedRow | undefined,
    minPosition: bigint,
  ): Promise<Snapshot> {
    const snapshot = await this.fresh(documentSql(readable, params), readable, minPosition)
    const [row] = snapshot.rows
    if (row && cached?.position === snapshot.position) this.cache.fill(cached, place, documentText(readable.table, row))
    return snapshot
  }

  /** A replica's snapshot at or past the position; waits for one, bounded. */
  private async fresh(
    statement: Statement,
    { table }: Pick<ReadableResource, 'table'>,
    minPosition: bigint,
  ): Promise<Snapshot> {
    const { projection, columns } = table
    const { sources } = this.options
    return sources.replica(statement, columns, { of: projection, minPosition, wait_ms_max: this.wait_ms_max })
  }
}

/** Cached rows carry their columns by place. */
function parseRow(columns: Columns, value: string): StoredRow {
  const [row, created, ordinal, changed] = JSON.parse(value) as [unknown[], string, number, string]
  return { row: decodeRow(columns, row), created: { position: BigInt(created), ordinal }, changed: BigInt(changed) }
}

function notFound(params: Params): Problem {
  const named = Object.entries(params).map(([name, value]) => `${name} "${value.slice(0, 300)}"`)
  return Problem.of('not-found', `there is no ${named.join(', ')}`)
}

export function etagOf({ table }: Pick<ReadableResource, 'table'>, revision: bigint): string {
  return `W/"${table.projection.name}.${table.projection.version}-${revision}"`
}

function itemOf(resource: ListResource, { row, created, changed }: StoredRow): object {
  return resource.item(row, { createdAt: created.position, changedAt: changed })
}

function answerOf(
  readable: ReadableResource,
  resource: DocumentResource,
  stored: StoredRow,
  position: bigint,
  { source, replica }: Pick<Answer, 'source' | 'replica'>,
): Answer {
  const place = { createdAt: stored.created.position, changedAt: stored.changed }
  const data = { position: position.toString(), ...resource.answer(stored.row, place) }
  const covers = resource.covers?.(stored.row)
  return { position, source, replica, etag: etagOf(readable, stored.changed), data, ...(covers ? { covers } : {}) }
}
