import { type AnyProjection, type Column, type Columns, type Domain, parseRoute } from '#domain-kit'

/** Columns that every table has beside those it declares: its row's place in the log. */
export const PLACE_COLUMNS = ['created_position', 'created_ordinal', 'changed_position'] as const

/** One table of one version of one projection, as Postgres and the cache know it. */
export interface ReadTable {
  readonly projection: AnyProjection
  readonly name: string
  /** Each stream's rows are its own, so streams are folded apart, in lanes. */
  readonly isPartitioned: boolean
  readonly schema: string
  /** `"accounts_v1"."accounts"` */
  readonly sql: string
  /** `accounts.v1:accounts`: its name in the cache and in the feed. */
  readonly id: string
  readonly columns: Columns
  readonly names: readonly string[]
  readonly keys: readonly string[]
  /** Backs a document: its rows are cached. */
  readonly isDocument: boolean
  /** Backs any resource: its changes go into the feed. */
  readonly isWatched: boolean
  /** Columns of the indexes that its lists need. */
  readonly listIndexes: readonly (readonly string[])[]
}

/** Where the rows of a version are that queries read. */
export function schemaOf({ name, version }: Pick<AnyProjection, 'name' | 'version'>): string {
  return `${name}_v${version}`
}

/** The same table as another build has it. */
export function tableIn(table: ReadTable, schema: string): ReadTable {
  return { ...table, schema, sql: `"${schema}"."${table.name}"` }
}

export function tableId(projection: AnyProjection, table: string): string {
  return `${projection.name}.v${projection.version}:${table}`
}

/**
 * Can its streams be folded apart? Only when every key names the aggregate's instance, in a column of the aggregate's name, and so does
 * every route: then no row and no answer spans two streams.
 */
export function isPartitioned({ resources }: Domain, projection: AnyProjection): boolean {
  const { name } = projection.of
  const mine = resources.filter((each) => each.projection === projection)
  return (
    Object.values(projection.tables).every((columns) => columns[name]?.isKey === true) &&
    mine.every(({ params }) => params.includes(name))
  )
}

/** Every table of the installed domains. */
export function tablesOf(domains: readonly Domain[]): readonly ReadTable[] {
  return domains.flatMap((domain) =>
    domain.projections.flatMap((projection) =>
      Object.entries(projection.tables).map(([name, columns]) => tableOf(domain, projection, name, columns)),
    ),
  )
}

function tableOf(domain: Domain, projection: AnyProjection, name: string, columns: Columns): ReadTable {
  const schema = schemaOf(projection)
  const mine = domain.resources.filter((each) => each.projection === projection && each.table === name)
  const names = Object.keys(columns)
  const indexes = mine
    .filter(({ kind }) => kind === 'list')
    .map(({ route }) => [...parseRoute('', route).params, 'created_position', 'created_ordinal'])
  return {
    projection,
    name,
    isPartitioned: isPartitioned(domain, projection),
    schema,
    sql: `"${schema}"."${name}"`,
    id: tableId(projection, name),
    columns,
    names,
    keys: names.filter((each) => columns[each]?.isKey),
    isDocument: mine.some(({ kind }) => kind === 'document'),
    isWatched: mine.length > 0,
    listIndexes: indexes,
  }
}

/** The column's type in Postgres. Text is compared byte by byte; `json` keeps what was written. */
export function sqlType({ type }: Column): string {
  return type
}
