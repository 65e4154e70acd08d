import { type CollectionResource, type Columns, type DocumentResource, type ListResource } from '#domain-kit'
import { type Logger, Problem, reasonOf } from '#runtime'
import { type Redis } from '../cache/redis.js'
import { ROW_TTL_S } from '../cache/cache-writer.js'
import { STATE_KEY } from '../cache/keys.js'
import { FILL_LUA, READ_LUA } from '../cache/scripts.js'
import { documentText, rowSuffix } from '../project/changes.js'
import { decodeRow, type StoredRow } from '../tables/row-codec.js'
import { Cursors } from './cursor.js'
import { latestSql, momentSql } from './history-sql.js'
import { listSql } from './list-sql.js'
import { type At, type ListQuery } from './query.js'
import { type NamedResource, type ReadableHistory, type ReadableResource } from './resources.js'
import { type Snapshot, type SourceName, type Sources } from './sources.js'
import { collectionSql, documentSql, type Place, type Statement } from './sql.js'

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
  readonly redis: Redis
  readonly logger: Logger
  /** How long a query waits for a source that is fresh enough. Default 2,000. */
  readonly wait_ms_max?: number
  /** Rows that the filters of one page look at where no index helps; a page that they end has a `next`. Default 50,000. */
  readonly scanned_max?: number
}

interface Fresh {
  readonly minPosition: bigint
}

/** A position of long ago, if one was asked for, and how fresh a source must be to know it. */
export interface When extends Fresh {
  readonly at: bigint | undefined
}

type Params = Readonly<Record<string, string>>

/** Reads resources: Redis first, then a replica that is fresh enough, the primary only by policy. */
export class Reader {
  private readonly wait_ms_max: number
  constructor(private readonly options: ReaderOptions) {
    this.wait_ms_max = options.wait_ms_max ?? 2_000
  }

  /** @throws Problem `not-found`, `not-fresh-enough`, `unavailable` */
  async document(named: NamedResource, { minPosition }: Fresh, at?: At): Promise<Answer> {
    const { readable, params } = named
    if (at) return this.asItWas(named, {}, at, { minPosition })
    const { table } = readable
    const resource = readable.resource as DocumentResource
    const suffix = rowSuffix(table, params)
    const cached = await this.cached(suffix, minPosition, table.columns)
    const hit = cached?.row
    if (cached && hit) return answerOf(readable, resource, hit, cached.position, 'cache')
    const snapshot = await this.fresh(documentSql(readable, params), readable, minPosition)
    const [row] = snapshot.rows
    if (!row) throw notFound(params)
    if (cached && cached.position === snapshot.position)
      this.fill(cached.generation, snapshot.position, suffix, documentText(table, row))
    return answerOf(readable, resource, row, snapshot.position, snapshot.source)
  }

  /** A page, newest first when no order is asked for. @throws Problem as `document`, and `invalid-cursor` */
  async list(named: NamedResource, query: ListQuery & { readonly limit: number }, fresh: Fresh): Promise<Answer> {
    const { readable, params } = named
    const resource = readable.resource as ListResource
    const cursors = new Cursors(named, query)
    const before = query.cursor === undefined ? undefined : cursors.decode(query.cursor)
    const when = await this.when(named, before?.at === undefined ? query.at : { position: before.at }, fresh)
    const { limit, where, sort } = query
    const { scanned_max = 50_000 } = this.options
    const range = { limit: limit + 1, where, sort, before, at: when.at, scanned_max }
    const snapshot = await this.fresh(listSql(named, range), readable, when.minPosition)
    if (!snapshot.isWithin) throw notFound(params, when.at)
    const rows = snapshot.rows.slice(0, limit)
    const end = snapshot.rows.length > limit ? rows.at(-1) : snapshot.stoppedAt
    const next = end ? cursors.encode(end, when.at) : null
    const position = when.at ?? snapshot.position
    const items = rows.map((row) => itemOf(resource, row))
    const data = { position: position.toString(), items, next }
    return { position, source: snapshot.source, etag: etagOf(readable, position), data }
  }

  /** Every item after a place, oldest first, at most `limit`. */
  async missed(named: NamedResource, after: Place, limit: number, { minPosition }: Fresh): Promise<MissedItems> {
    const { readable, params } = named
    const resource = readable.resource as ListResource
    const statement = listSql(named, { limit: limit + 1, after })
    const { position, rows, isWithin } = await this.fresh(statement, readable, minPosition)
    if (!isWithin) throw notFound(params)
    const items = rows.slice(0, limit).map((row) => ({ place: row.created, item: itemOf(resource, row) }))
    return { position, items, isComplete: rows.length <= limit }
  }

  /** @throws Problem as `document`, and `too-many-rows` */
  async collection(named: NamedResource, query: object, { minPosition }: Fresh, at?: At): Promise<Answer> {
    const { readable, params } = named
    if (at) return this.asItWas(named, query, at, { minPosition })
    const resource = readable.resource as CollectionResource
    const statement = collectionSql(readable, params, resource.prefix(query), ROWS_MAX + 1)
    const { position, source, rows, isWithin } = await this.fresh(statement, readable, minPosition)
    if (!isWithin) throw notFound(params)
    checkRows(rows)
    const answer = resource.answer(
      rows.map(({ row }) => row),
      query,
    )
    return { position, source, etag: etagOf(readable, position), data: { position: position.toString(), ...answer } }
  }

  /** What `at` names, as a position. @throws Problem `not-found` when there was nothing yet at that time */
  async when({ readable, params }: NamedResource, at: At | undefined, { minPosition }: Fresh): Promise<When> {
    if (!at) return { at: undefined, minPosition }
    let position: bigint
    if ('position' in at) ({ position } = at)
    else {
      const history = historyOf(readable)
      const moment = await this.fresh(momentSql(history, params, at.time), { table: history.timeline }, minPosition)
      const [row] = moment.rows
      if (!row) throw notFound(params, at.time)
      position = row.changed
    }
    return { at: position, minPosition: position > minPosition ? position : minPosition }
  }

  /** A document or a collection at an earlier position. The cache knows the newest state only and is not asked. */
  private async asItWas(named: NamedResource, query: object, at: At, fresh: Fresh): Promise<Answer> {
    const { readable, params } = named
    const { latest } = historyOf(readable)
    const resource = readable.resource as DocumentResource | CollectionResource
    if (!latest || !resource.history) throw new Error(`resource "${resource.name}" has no history`)
    const when = await this.when(named, at, fresh)
    const position = when.at ?? when.minPosition
    const prefixes = resource.kind === 'collection' ? resource.prefix(query) : {}
    const statement = latestSql(readable, latest, params, { at: position, prefixes, limit: ROWS_MAX + 1 })
    const { source, rows, isWithin } = await this.fresh(statement, { table: latest.lines }, when.minPosition)
    if (!isWithin) throw notFound(params, position)
    checkRows(rows)
    const lines = rows.map(({ row }) => row)
    const data = { position: position.toString(), ...resource.history.answer(lines, { params, query }) }
    return { position, source, etag: etagOf({ table: latest.lines }, position), data }
  }

  /** Rows for a computation, from one snapshot of a replica. */
  async snapshot(
    readable: Pick<ReadableResource, 'table' | 'within'>,
    statement: Statement,
    minPosition: bigint,
  ): Promise<Snapshot> {
    return this.fresh(statement, readable, minPosition)
  }

  private async cached(
    suffix: string,
    minPosition: bigint,
    columns: Columns,
  ): Promise<{ generation: string; position: bigint; row: StoredRow | undefined } | undefined> {
    try {
      const answer = await this.options.redis.eval(READ_LUA, { keys: [STATE_KEY], arguments: [suffix] })
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

  private fill(generation: string, position: bigint, suffix: string, value: string): void {
    const args = [generation, position.toString(), String(ROW_TTL_S), suffix, value]
    this.options.redis.eval(FILL_LUA, { keys: [STATE_KEY], arguments: args }).catch(() => undefined)
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

export function notFound(params: Params, at?: bigint | string): Problem {
  const named = Object.entries(params).map(([name, value]) => `${name} "${value.slice(0, 300)}"`)
  return Problem.of('not-found', `there ${at === undefined ? 'is' : `was at ${at}`} no ${named.join(', ')}`)
}

function checkRows(rows: readonly unknown[]): void {
  if (rows.length > ROWS_MAX) throw Problem.of('too-many-rows', `more than ${ROWS_MAX} rows; narrow the query`)
}

function historyOf({ history, resource }: ReadableResource): ReadableHistory {
  if (!history) throw new Error(`resource "${resource.name}" has no history`)
  return history
}

export function etagOf({ table }: Pick<ReadableResource, 'table'>, revision: bigint): string {
  return `W/"${table.projection.name}.${table.projection.version}-${revision}"`
}

export function itemOf(resource: ListResource, { row, created, changed }: StoredRow): object {
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
