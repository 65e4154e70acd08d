import { type ColumnKind } from '#domain-kit'
import { sqlType } from '../tables/table.js'
import { type Condition, type ListQuery, type Sort } from './query.js'
import { type NamedResource } from './resources.js'
import {
  equals,
  limitSql,
  type Place,
  spansProjections,
  type Statement,
  Values,
  visibleSql,
  withCheckpoint,
} from './sql.js'

/** The last row of a page: its place, what the sorted column holds there, and the position of the state that is paged through. */
export interface Mark extends Place {
  readonly key?: string
  readonly at?: bigint
}

export interface ListRange extends Pick<ListQuery, 'limit' | 'where' | 'sort'> {
  /** In the list's order, from behind this row. */
  readonly before?: Mark | undefined
  /** Oldest first, from after this place. */
  readonly after?: Place | undefined
  /** Only rows that were there at this position. */
  readonly at?: bigint | undefined
  /** Rows that filters without an index look at; the row where they stop comes marked `is_last`. All when it is left out. */
  readonly scanned_max?: number | undefined
}

/** Rows that pages are read in, each one more than a page of a usual size has. */
const PAGE_ROWS = [11, 51, 101, 201, 501, 1_001] as const

/**
 * How many rows are asked for, to know a page of so many items and whether there are more: one of a few numbers, because the number is part of the text,
 * and a connection keeps the plans of so many texts only.
 */
export const rowsFor = (limit: number): number => PAGE_ROWS.find((rows) => rows > limit) ?? limit + 1

const CASTS: Readonly<Record<ColumnKind, string>> = { text: 'text', integer: 'bigint', flag: 'boolean', list: 'text' }

function conditionSql({ filter, value }: Condition, values: Values): string {
  const column = `t."${filter.column}"`
  const given = `${values.add(value)}::${CASTS[filter.kind]}`
  switch (filter.rule) {
    case 'exact':
      return `${column} = ${given}`
    case 'from':
      return `${column} >= ${given}`
    case 'to':
      return `${column} <= ${given}`
    case 'prefix':
      return `starts_with(${column}, ${given})`
    case 'contains':
      return `strpos(${column}, ${given}) > 0`
    case 'some':
      return `exists (select from json_array_elements(${column}) e where e ->> ${values.add(filter.field)} = ${given})`
  }
}

/** Is there an index whose order is the list's and which begins with this condition? */
function isIndexed({ filter }: Condition, sort: Sort | undefined, first: Condition | undefined): boolean {
  const isBound = filter.rule === 'from' || filter.rule === 'to'
  return sort ? isBound && filter.column === sort.column : filter === first?.filter
}

/**
 * A page or the whole of a list. Filters without an index are judged row by row, at most `scanned_max` rows: a page costs what it
 * shows or that bound, never the length of the list.
 */
export function listSql(named: NamedResource, range: ListRange): Statement {
  const { readable, params, only } = named
  const { before, after, at, sort, where = [], limit, scanned_max } = range
  const values = new Values()
  const read = [equals(readable.resource.params, params, values, 't')]
  const judged: string[] = []
  if (only) read.push(visibleSql(only, values, 't'))
  if (at !== undefined) (sort ? judged : read).push(`t.created_position <= ${values.add(at)}::bigint`)
  // An item that is newer than the answer's position would come again, to who goes on from there.
  if (spansProjections(readable)) read.push('t.created_position <= c.position')
  const exact = where.find(({ filter }) => filter.rule === 'exact')
  for (const each of where) (isIndexed(each, sort, exact) ? read : judged).push(conditionSql(each, values))

  const place = (each: Place): string => `${values.add(each.position)}::bigint, ${values.add(each.ordinal)}::integer`
  const column = sort && readable.table.columns[sort.column]
  const sorted = sort && column ? [`t."${sort.column}"`] : []
  const keys = [...sorted, 't.created_position', 't.created_ordinal']
  const isDescending = after ? false : (sort?.isDescending ?? true)
  if (before) {
    const key = column ? `${values.add(before.key)}::${sqlType(column)}, ` : ''
    read.push(`(${keys.join(', ')}) ${isDescending ? '<' : '>'} (${key}${place(before)})`)
  }
  if (after) read.push(`(t.created_position, t.created_ordinal) > (${place(after)})`)
  const order = keys.map((each) => `${each} ${isDescending ? 'desc' : 'asc'}`).join(', ')
  const end = limit === undefined ? '' : limitSql(limit)

  const source = `select t.* from ${readable.table.sql} t where`
  if (judged.length === 0 || scanned_max === undefined) {
    const rows = `select true as is_found, t.* from (${source} ${[...read, ...judged].join(' and ')}) t order by ${order} ${end}`
    return withCheckpoint(readable, params, rows, values, at)
  }
  const max = values.add(scanned_max)
  const rows = `
select t.*, t.scanned = ${max}::bigint as is_last from (
  select t.*, (${judged.join(' and ')}) as is_found, row_number() over (order by ${order}) as scanned
  from (${source} ${read.join(' and ')} order by ${order} ${limitSql(scanned_max)}) t
) t where t.is_found or t.scanned = ${max}::bigint order by ${order} ${end}`
  return withCheckpoint(readable, params, rows, values, at)
}
