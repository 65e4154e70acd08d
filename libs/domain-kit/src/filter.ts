import { type Column, type Columns } from './columns.js'

/** How a filter's value is written: any text, a day such as `2026-11-23`, a whole number, or `true` and `false`. */
export type FilterValue = 'text' | 'day' | 'integer' | 'flag'

/** What a column must be for a filter to read it. */
const KIND_OF = { text: 'text', day: 'text', integer: 'integer', flag: 'flag' } as const
type KindOf<V extends FilterValue> = (typeof KIND_OF)[V]
export type ColumnKind = KindOf<FilterValue> | 'list'

/**
 * One query parameter of a list and the condition on a column that it stands for. An `exact` filter in log order, and a bound on
 * the column that is sorted by, are read by an index; every other filter looks at the rows of the list one by one, a bounded
 * number for each page.
 */
export interface Filter<Name extends string = string, Kind extends ColumnKind = ColumnKind> {
  readonly rule: 'exact' | 'prefix' | 'contains' | 'from' | 'to' | 'some'
  readonly column: Name
  readonly kind: Kind
  readonly value: FilterValue
  /** Of `some`: the field of an element. */
  readonly field?: string
}

/** Longest text that `prefix` and `contains` look for, in UTF-16 units. */
export const SEARCH_LENGTH_MAX = 200

const filterOf =
  (rule: 'exact' | 'from' | 'to') =>
  <const Name extends string, const V extends FilterValue = 'text'>(
    column: Name,
    value: V = 'text' as V,
  ): Filter<Name, KindOf<V>> => ({ rule, column, kind: KIND_OF[value], value })

/** The column is the value. It costs an index of its own. */
export const exact = filterOf('exact')
/** The column is the value or after it. */
export const from = filterOf('from')
/** The column is the value or before it. */
export const to = filterOf('to')
/** The column's text begins with the value, compared exactly. */
export const prefix = <const Name extends string>(column: Name): Filter<Name, 'text'> => ({
  ...{ rule: 'prefix', column, kind: 'text', value: 'text' },
})
/** The column's text holds the value, compared exactly. */
export const contains = <const Name extends string>(column: Name): Filter<Name, 'text'> => ({
  ...{ rule: 'contains', column, kind: 'text', value: 'text' },
})
/** Some element of the column, a JSON list of objects, has the value in this field. */
export const some = <const Name extends string>(column: Name, field: string): Filter<Name, 'list'> => ({
  ...{ rule: 'some', column, kind: 'list', value: 'text', field },
})

type Kind<T> = [T] extends [string]
  ? 'text'
  : [T] extends [number | bigint]
    ? 'integer'
    : [T] extends [boolean]
      ? 'flag'
      : [T] extends [readonly unknown[]]
        ? 'list'
        : never

/** The filters that a table of these columns can have. */
export type FilterOn<C extends Columns> = {
  [K in keyof C & string]: C[K] extends Column<infer T> ? Filter<K, Kind<NonNullable<T>>> : never
}[keyof C & string]

/** Columns that have an order and are never null. */
export type SortableColumn<C extends Columns> = {
  [K in keyof C & string]: C[K] extends Column<infer T> ? ([T] extends [string | number | bigint] ? K : never) : never
}[keyof C & string]

/** Parameters of every list, which no filter may be called. */
const RESERVED: readonly string[] = ['at', 'cursor', 'limit', 'sort']
const KINDS: Readonly<Record<Column['type'], ColumnKind | undefined>> = {
  ...{ text: 'text', integer: 'integer', bigint: 'integer', boolean: 'flag', json: 'list', numeric: undefined },
}

/** @throws RangeError naming the first filter or sorted column that a table of these columns cannot have. */
export function checkFilters(
  list: string,
  columns: Columns,
  filters: Readonly<Record<string, Filter>>,
  sort: readonly string[],
): void {
  for (const [name, { column, kind }] of Object.entries(filters)) {
    if (!/^[a-z][A-Za-z0-9]{0,30}$/.test(name) || RESERVED.includes(name))
      throw new RangeError(`list "${list}": a filter may not be called "${name}"`)
    const type = columns[column]?.type
    if (type === undefined || KINDS[type] !== kind)
      throw new RangeError(`list "${list}": filter "${name}" needs a column of another type than "${column}"`)
  }
  for (const column of sort)
    if (!columns[column] || columns[column].isNullable || ['json', 'boolean'].includes(columns[column].type))
      throw new RangeError(`list "${list}": "${column}" has no order, or may be null`)
}

/** Why this text is no value of the filter, in words that follow the parameter's name; undefined when it is one. */
export function filterFault({ rule, value }: Filter, given: string): string | undefined {
  if (rule === 'prefix' || rule === 'contains')
    return given.length >= 1 && given.length <= SEARCH_LENGTH_MAX
      ? undefined
      : `must be 1 to ${SEARCH_LENGTH_MAX} characters long`
  switch (value) {
    case 'text':
      return undefined
    case 'day':
      return isDay(given) ? undefined : 'must be a day of the calendar such as 2026-11-23'
    case 'integer':
      return /^-?\d{1,18}$/.test(given) ? undefined : 'must be a whole number of at most 18 digits'
    case 'flag':
      return given === 'true' || given === 'false' ? undefined : 'must be true or false'
  }
}

function isDay(value: string): boolean {
  const time_ms = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00.000Z`) : NaN
  return !Number.isNaN(time_ms) && new Date(time_ms).toISOString().startsWith(value)
}
