import { PLACE_COLUMNS, type ReadTable, sqlType } from '../tables/table.js'
import { toSqlText } from '../tables/row-codec.js'

type Values = Readonly<Record<string, unknown>>

/** Rows of the table `t` with the keys that are listed as `k`. */
export const keysMatch = ({ keys }: ReadTable): string => keys.map((name) => `t."${name}" = k."${name}"`).join(' and ')

/** Columns of a row as it is stored. */
export const allOf = ({ names }: ReadTable): readonly string[] => [...names, ...PLACE_COLUMNS]

/** Type of a column, or of a row's place in the log. */
export function typeOf({ columns }: ReadTable, name: string): string {
  const column = columns[name]
  if (column) return sqlType(column)
  return name === 'created_ordinal' ? 'integer' : 'bigint'
}

export function textOf({ columns }: ReadTable, name: string, row: Values): string | null {
  const column = columns[name]
  return column ? toSqlText(column, row[name]) : null
}

const ESCAPED = /["\\]/

/** An array as Postgres reads one (PostgreSQL documentation, "Array Input and Output Syntax"), every element quoted. */
export function arrayText(values: readonly (string | null)[]): string {
  let text = '{'
  for (const value of values) {
    if (text.length > 1) text += ','
    // Few values have any: to look is cheap, to replace is not.
    if (value === null) text += 'NULL'
    else text += ESCAPED.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : `"${value}"`
  }
  return `${text}}`
}

/**
 * A text as a literal of a statement.
 *
 * @throws RangeError when it holds U+0000: a statement ends there, and no text in Postgres has it.
 */
export function literal(text: string): string {
  if (text.includes('\0')) throw new RangeError('a value holds U+0000, which no column can hold')
  return `'${text.replaceAll("'", "''")}'`
}
