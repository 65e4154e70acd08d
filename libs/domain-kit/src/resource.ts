import { type Columns, type KeyColumns, type RowOf } from './columns.js'
import { type DtoClass } from './command.js'
import { type AnyProjection, type BatchProjection, type Projection } from './projection.js'
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
  } = {},
): DocumentResource {
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
  of: { readonly name: string },
  route: string,
  options: ListOptions<never> & { table?: string } = {},
): ListResource {
  const item = options.item ?? ((row: object) => row)
  return {
    kind: 'list',
    name: `${of.name}.${options.table ?? 'list'}`,
    projection: of as AnyProjection,
    table: options.table ?? of.name,
    route: route as Route<'GET'>,
    summary: options.summary ?? `${of.name}, newest first`,
    params: paramsOf(route),
    item,
    within: options.within,
  }
}

export interface ListOptions<C extends Columns> {
  readonly item?: (row: RowOf<C>, place: RowPlace) => object
  readonly summary?: string
  readonly within?: DocumentResource
}

/** All rows that share the route's parameters, shaped into one answer. At most 100,000 rows; beyond that 422. */
export function collection<const C extends Columns, const R extends Route<'GET'>, Q extends object = object>(
  of: Projection<C>,
  route: KeyedBy<R, C, never> & R,
  options: Common<R> & {
    query?: DtoClass<Q>
    prefix?: (query: Q) => { readonly [K in keyof C & string]?: string }
    answer: (rows: readonly RowOf<C>[], query: Q) => object
    within?: DocumentResource
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
  }
}
