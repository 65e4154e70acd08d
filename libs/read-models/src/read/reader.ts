import { type CollectionResource, type Columns, type DocumentResource, type ListResource } from '#domain-kit'
import { type Logger, Problem, reasonOf } from '#runtime'
import { type Redis } from '../cache/redis.js'
import { ROW_TTL_S } from '../cache/cache-writer.js'
import { ownField, stateKey } from '../cache/keys.js'
import { FILL_LUA, READ_LUA } from '../cache/scripts.js'
import { documentText, rowSuffix } from '../project/changes.js'
import { decodeRow, type StoredRow } from '../tables/row-codec.js'
import { laneFor } from '../project/lanes.js'
import { type ReadTable } from '../tables/table.js'
import { type Carriers } from './carriers.js'
import { decodeCursor, encodeCursor } from './cursor.js'
import { type NamedResource, type ReadableResource } from './resources.js'
import { type Snapshot, type SourceName, type Sources } from './sources.js'
import { collectionSql, documentSql, listSql, type Place, type Statement } from './sql.js'

/** An answer and what it reflects. */
export interface Answer {
  readonly position: bigint
  readonly source: SourceName
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
const POLL_MS = 15

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

/** Where a row stands in Redis. */
interface CachePlace {
  /** The state of its lane. */
  readonly key: string
  readonly suffix: string
  readonly own: string
}

type Params = Readonly<Record<string, string>>

/** Reads resources: Redis first, then a replica that is fresh enough, the primary only by policy. */
export class Reader {
  private readonly wait_ms_max: number
  constructor(private readonly options: ReaderOptions) {
    this.wait_ms_max = options.wait_ms_max ?? 2_000
  }

  /** @throws Problem `not-found`, `not-fresh-enough`, `unavailable` */
  async document({ readable, params }: NamedResource, { minPosition }: Fresh): Promise<Answer> {
    const { table } = readable
    const resource = readable.resource as DocumentResource
    const place = this.placeOf(table, params)
    const cached = await this.cached(place, minPosition, table.columns)
    const hit = cached?.row
    if (cached && hit) return answerOf(readable, resource, hit, cached.position, 'cache')
    const snapshot = await this.fresh(documentSql(readable, params), readable, minPosition)
    const [row] = snapshot.rows
    if (!row) throw notFound(params)
    if (cached && cached.position === snapshot.position)
      this.fill(place, cached.generation, snapshot.position, documentText(table, row))
    return answerOf(readable, resource, row, snapshot.position, snapshot.source)
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
    const { position, source } = snapshot
    const items = rows.map((row) => itemOf(resource, row))
    return { position, source, etag: etagOf(readable, position), data: { position: position.toString(), items, next } }
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
    const { position, source, rows, isWithin } = await this.fresh(statement, readable, minPosition)
    if (!isWithin) throw notFound(params)
    if (rows.length > ROWS_MAX) throw Problem.of('too-many-rows', `more than ${ROWS_MAX} rows; narrow the query`)
    const answer = resource.answer(
      rows.map(({ row }) => row),
      query,
    )
    return { position, source, etag: etagOf(readable, position), data: { position: position.toString(), ...answer } }
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

  private async cached(
    { key, suffix, own }: CachePlace,
    minPosition: bigint,
    columns: Columns,
  ): Promise<{ generation: string; position: bigint; row: StoredRow | undefined } | undefined> {
    try {
      const answer = await this.options.redis.eval(READ_LUA, { keys: [key], arguments: [suffix, own] })
      if (!Array.isArray(answer)) return undefined
      const [generation, applied, value] = answer as unknown[]
      if (typeof generation !== 'string' || typeof applied !== 'string' || BigInt(applied) < minPosition)
        return undefined
      return {
        generation,
        position: BigInt(applied),
        row: typeof value === 'string' ? parseRow(columns, value) : undefined,
      }
    } catch (error) {
      this.options.logger.debug({ reason: reasonOf(error) }, 'the cache cannot be read')
      return undefined
    }
  }

  private fill({ key, suffix, own }: CachePlace, generation: string, position: bigint, value: string): void {
    const args = [generation, position.toString(), String(ROW_TTL_S), suffix, value, own]
    this.options.redis.eval(FILL_LUA, { keys: [key], arguments: args }).catch(() => undefined)
  }

  /** A replica's snapshot at or past the position; waits for one, bounded. */
  private async fresh(
    statement: Statement,
    { table }: Pick<ReadableResource, 'table'>,
    minPosition: bigint,
  ): Promise<Snapshot> {
    const end_ms = Date.now() + this.wait_ms_max
    const { sources } = this.options
    let position = 0n
    for (;;) {
      const snapshot = await sources.replica(statement, table.columns)
      if (snapshot.position >= minPosition) return snapshot
      ;({ position } = snapshot)
      if (Date.now() >= end_ms) break
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    const primary = await sources.primaryFor(statement, table.columns)
    if (primary && primary.position >= minPosition) return primary
    throw Problem.of(
      'not-fresh-enough',
      `position ${minPosition} was asked for, the freshest source is at ${position}`,
      {
        headers: { 'headwater-position': position.toString() },
      },
    )
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
  source: SourceName,
): Answer {
  const place = { createdAt: stored.created.position, changedAt: stored.changed }
  const data = { position: position.toString(), ...resource.answer(stored.row, place) }
  const covers = resource.covers?.(stored.row)
  return { position, source, etag: etagOf(readable, stored.changed), data, ...(covers ? { covers } : {}) }
}
