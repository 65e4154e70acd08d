import { type AnyProjection, type Column, type Columns, type Domain, type Resource } from '#domain-kit'

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
  /** Empty when rows are only inserted: their place in the log tells them apart then. */
  readonly keys: readonly string[]
  /** Backs a document: its rows are cached. */
  readonly isDocument: boolean
  /** Backs any resource: its changes go into the feed. */
  readonly isWatched: boolean
  /** Columns of the indexes that its lists and histories need, each once. */
  readonly listIndexes: readonly (readonly string[])[]
}

/** Column names as SQL takes a list of them. */
export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

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

const keysOf = (columns: Columns): readonly string[] => Object.keys(columns).filter((name) => columns[name]?.isKey)

/**
 * Can its streams be folded apart? Only when every key (every row, where there is none) names the aggregate's instance, in a column of the
 * aggregate's name, and so does every route: then no row and no answer spans two streams.
 */
export function isPartitioned({ resources }: Domain, projection: AnyProjection): boolean {
  const { name } = projection.of
  const mine = resources.filter((each) => each.projection === projection)
  return (
    Object.values(projection.tables).every((columns) =>
      keysOf(columns).length > 0 ? columns[name]?.isKey === true : name in columns,
    ) && mine.every(({ params }) => params.includes(name))
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
  return {
    projection,
    name,
    isPartitioned: isPartitioned(domain, projection),
    schema,
    sql: `"${schema}"."${name}"`,
    id: tableId(projection, name),
    columns,
    names,
    keys: keysOf(columns),
    isDocument: mine.some(({ kind }) => kind === 'document'),
    isWatched: mine.length > 0,
    listIndexes: indexesOf(domain.resources, projection, name),
  }
}

const PLACE = ['created_position', 'created_ordinal']

/** Log order, each exact filter, each sorted column; and the series of those who tell of long ago. */
function indexesOf(resources: readonly Resource[], projection: AnyProjection, name: string): readonly string[][] {
  const indexes = resources.flatMap((each): string[][] => {
    const { history, kind, params } = each
    if (kind === 'list' && each.projection === projection && each.table === name) {
      const exact = Object.values(each.filters).flatMap(({ rule, column }) => (rule === 'exact' ? [column] : []))
      return [[], ...[...new Set([...exact, ...each.sort])].map((column) => [column])].map((it) => [
        ...params,
        ...it,
        ...PLACE,
      ])
    }
    const isLines = history && 'of' in history && history.of === projection && history.lines === name
    return isLines ? [[...history.by, ...PLACE]] : []
  })
  return [...new Map(indexes.map((columns) => [columns.join(), columns])).values()]
}

/** The column's type in Postgres. Text is compared byte by byte; `json` keeps what was written. */
export function sqlType({ type }: Column): string {
  return type
}
