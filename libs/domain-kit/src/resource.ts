import { type Columns, type KeyColumns, type RowOf } from './columns.js'
import { type DtoClass } from './command.js'
import { checkFilters, type Filter, type FilterOn, type SortableColumn } from './filter.js'
import { type Latest, type Timeline } from './history.js'
import { type AnyProjection, type BatchProjection, initialRow, type Projection } from './projection.js'
import { type Route, type RouteParams } from './route.js'

/** Where an answer stands in the log; bigint here, a string on the wire. */
export interface RowPlace {
  /** Position of the event that created the row. */
  readonly createdAt: bigint
  /** Position of the event that last changed it. */
  readonly changedAt: bigint
}

type KeyedBy<R extends string, C extends Columns, Keys extends string> =
  Exclude<RouteParams<R>, keyof C> extends never
    ? Exclude<Keys, RouteParams<R>> extends never
      ? R
      : `the route lacks the key column {${Exclude<Keys, RouteParams<R>>}}`
    : `the table has no column {${Exclude<RouteParams<R>, keyof C> & string}}`

/** One row as a document: newest state wins. GET answers `{ position, …answer }`; watching sends each new state. */
export interface DocumentResource {
  readonly kind: 'document'
  readonly name: string
  readonly projection: AnyProjection
  readonly table: string
  readonly route: Route<'GET'>
  readonly summary: string
  readonly params: readonly string[]
  answer(row: RowOf<Columns>, place: RowPlace): object
  /** Another aggregate whose id a token must cover to see this row. */
  readonly covers: ((row: RowOf<Columns>) => { readonly aggregate: string; readonly id: string }) | undefined
  /** When set, `?at=` answers it as it was. */
  readonly history: Latest | undefined
}

/** Rows in log order, each an item once: paged by cursor, newest first; watching sends each new item once. */
export interface ListResource {
  readonly kind: 'list'
  readonly name: string
  readonly projection: AnyProjection
  readonly table: string
  readonly route: Route<'GET'>
  readonly summary: string
  readonly params: readonly string[]
  item(row: RowOf<Columns>, place: RowPlace): object
  /** When set, the path must name an existing row of this document, else 404: an empty list is not a missing one. */
  readonly within: DocumentResource | undefined
  /** Query parameters that narrow it; what is not declared is refused. */
  readonly filters: Readonly<Record<string, Filter>>
  /** Columns that `?sort=` takes, `-` before them for the greatest first; each costs an index. */
  readonly sort: readonly string[]
  /** When set, `?at=` answers it as it was. */
  readonly history: { readonly timeline: Timeline } | undefined
  /** Fields of an item, in the order in which CSV has them. */
  readonly fields: readonly string[]
}

/** All rows that share the route's parameters, as one answer: `GET /books/{book}/balances`. */
export interface CollectionResource {
  readonly kind: 'collection'
  readonly name: string
  readonly projection: AnyProjection
  readonly table: string
  readonly route: Route<'GET'>
  readonly summary: string
  readonly params: readonly string[]
  readonly query: DtoClass | undefined
  /** A prefix that a column's text must have; narrows what is read. */
  prefix(query: object): Readonly<Record<string, string>>
  answer(rows: readonly RowOf<Columns>[], query: object): object
  readonly within: DocumentResource | undefined
  /** When set, `?at=` answers it as it was. */
  readonly history: Latest | undefined
  readonly export: CollectionExport | undefined
}

/** How a collection is written as lines: what of its answer they are, and their fields in the order in which CSV has them. */
export interface CollectionExport<Answer = object> {
  items(answer: Answer): readonly object[]
  readonly fields: readonly string[]
}

export type Resource = DocumentResource | ListResource | CollectionResource

interface Common<R extends Route<'GET'>> {
  readonly summary?: string
  readonly route?: R
}

function paramsOf(route: string): readonly string[] {
  return [...route.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name as string)
}

/**
 * A row that one can GET and watch. The route's parameters are the table's key columns.
 * `answer` shapes the row; the default is the whole row.
 */
export function document<const C extends Columns, const R extends Route<'GET'>>(
  of: Projection<C>,
  route: KeyedBy<R, C, KeyColumns<C>> & R,
  options: {
    answer?: (row: RowOf<C>, place: RowPlace) => object
    covers?: (row: RowOf<C>) => { readonly aggregate: string; readonly id: string }
    summary?: string
    history?: Latest
  } = {},
): DocumentResource {
  // Whom a row covers is known of its newest state only.
  if (options.covers && options.history) throw new RangeError(`document "${route}" cannot have covers and a history`)
  const answer = options.answer ?? ((row: RowOf<C>) => row)
  return {
    kind: 'document',
    name: `${of.name}.document`,
    projection: of,
    table: of.name,
    route,
    summary: options.summary ?? `One of ${of.name}`,
    params: paramsOf(route),
    answer,
    covers: options.covers as DocumentResource['covers'],
    history: options.history,
  }
}

/** The rows of one table in log order. The route's parameters are columns that every item shares. */
export function list<const C extends Columns, const R extends Route<'GET'>>(
  of: Projection<C>,
  route: KeyedBy<R, C, never> & R,
  options?: ListOptions<C>,
): ListResource
export function list<
  const T extends Readonly<Record<string, Columns>>,
  N extends keyof T & string,
  const R extends Route<'GET'>,
>(of: BatchProjection<T>, route: KeyedBy<R, T[N], never> & R, options: ListOptions<T[N]> & { table: N }): ListResource
export function list(
  of: { readonly name: string; readonly tables: Readonly<Record<string, Columns>> },
  route: string,
  options: ListOptions<never> & { table?: string } = {},
): ListResource {
  const item: ListResource['item'] = options.item ?? ((row: object) => row)
  const table = options.table ?? of.name
  const columns = of.tables[table] ?? {}
  const filters = (options.filters ?? {}) as ListResource['filters']
  const sort: readonly string[] = options.sort ?? []
  checkFilters(route, columns, filters, sort)
  return {
    kind: 'list',
    name: `${of.name}.${options.table ?? 'list'}`,
    projection: of as AnyProjection,
    table,
    route: route as Route<'GET'>,
    summary: options.summary ?? `${of.name}, newest first`,
    params: paramsOf(route),
    item,
    within: options.within,
    filters,
    sort,
    history: options.history,
    fields: options.fields ?? Object.keys(item(initialRow(columns, {}), { createdAt: 0n, changedAt: 0n })),
  }
}

export interface ListOptions<C extends Columns> {
  readonly item?: (row: RowOf<C>, place: RowPlace) => object
  readonly summary?: string
  readonly within?: DocumentResource
  /** By the names of their query parameters: `{ from: from('date', 'day'), commodity: exact('commodity') }`. */
  readonly filters?: Readonly<Record<string, FilterOn<C>>>
  readonly sort?: readonly SortableColumn<C>[]
  /** Only for rows that are inserted and never change: those up to a position are then the list as it was. */
  readonly history?: { readonly timeline: Timeline }
  /** Needed when items have fields that the item of an initial row lacks; the default is that item's. */
  readonly fields?: readonly string[]
}

/**
 * All rows that share the route's parameters, shaped into one answer. At most 100,000 rows; beyond that 422. An `answer` that makes several
 * rows of one counts them, too, with `checkRows`.
 */
export function collection<
  const C extends Columns,
  const R extends Route<'GET'>,
  Q extends object = object,
  A extends object = object,
>(
  of: Projection<C>,
  route: KeyedBy<R, C, never> & R,
  options: Common<R> & {
    query?: DtoClass<Q>
    prefix?: (query: Q) => { readonly [K in keyof C & string]?: string }
    answer: (rows: readonly RowOf<C>[], query: Q) => A
    within?: DocumentResource
    history?: Latest<NoInfer<Q>>
    export?: CollectionExport<NoInfer<A>>
  },
): CollectionResource {
  return {
    kind: 'collection',
    name: `${of.name}.collection`,
    projection: of,
    table: of.name,
    route,
    summary: options.summary ?? `All of ${of.name}`,
    params: paramsOf(route),
    query: options.query,
    prefix: (options.prefix ?? (() => ({}))) as CollectionResource['prefix'],
    answer: options.answer,
    within: options.within,
    history: options.history,
    export: options.export,
  }
}
