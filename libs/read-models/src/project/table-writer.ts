import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { type ClientBase } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type Columns, type KeyOf } from '#domain-kit'
import { type ReadTable, sqlType } from '../tables/table.js'
import { fromSql, type StoredRow, toSqlText } from '../tables/row-codec.js'

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

/** In: an array per key column. Out: the rows that exist. Locks nothing: the projector owns the table. */
export async function loadRows(
  client: ClientBase,
  table: ReadTable,
  keys: readonly KeyOf<Columns>[],
): Promise<StoredRow[]> {
  if (keys.length === 0) return []
  const types = table.keys.map((name, at) => `$${at + 1}::${sqlTypeOf(table, name)}[]`)
  const on = table.keys.map((name) => `t."${name}" = k."${name}"`).join(' and ')
  const sql = `select t.* from unnest(${types.join(', ')}) as k(${quoted(table.keys)}) join ${table.sql} t on ${on}`
  const values = table.keys.map((name) => keys.map((key) => textOf(table, name, key)))
  const { rows } = await client.query<Record<string, unknown>>(sql, values)
  return rows.map((record) => fromSql(table.columns, record))
}

function sqlTypeOf(table: ReadTable, name: string): string {
  const column = table.columns[name]
  return column ? sqlType(column) : 'bigint'
}

function textOf(table: ReadTable, name: string, row: Readonly<Record<string, unknown>>): string | null {
  const column = table.columns[name]
  return column ? toSqlText(column, row[name]) : null
}

function valuesOf(table: ReadTable, { row, created, changed }: StoredRow): (string | null)[] {
  return [
    ...table.names.map((name) => textOf(table, name, row)),
    created.position.toString(),
    String(created.ordinal),
    changed.toString(),
  ]
}

const ALL = (table: ReadTable): readonly string[] => [
  ...table.names,
  'created_position',
  'created_ordinal',
  'changed_position',
]

/** Rows written whole, in key order (fewer page visits). In: an array per column. Locks the rows. */
export async function upsertRows(client: ClientBase, table: ReadTable, rows: readonly StoredRow[]): Promise<void> {
  if (rows.length === 0) return
  const all = ALL(table)
  const types = all.map((name, at) => {
    const type = name === 'created_ordinal' ? 'integer' : sqlTypeOf(table, name)
    return `$${at + 1}::${type === 'json' ? 'text' : type}[]`
  })
  const selected = all.map((name) => (table.columns[name]?.type === 'json' ? `v."${name}"::json` : `v."${name}"`))
  const rest = all.filter((name) => !table.keys.includes(name))
  const sql = `insert into ${table.sql} (${quoted(all)})
    select ${selected.join(', ')} from unnest(${types.join(', ')}) as v(${quoted(all)})
    on conflict (${quoted(table.keys)}) do update set ${rest.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`
  const values = rows.map((row) => valuesOf(table, row))
  await client.query(
    sql,
    all.map((_, at) => values.map((row) => row[at])),
  )
}

/** In: an array per key column. Locks the rows. */
export async function deleteRows(client: ClientBase, table: ReadTable, keys: readonly KeyOf<Columns>[]): Promise<void> {
  if (keys.length === 0) return
  const types = table.keys.map((name, at) => `$${at + 1}::${sqlTypeOf(table, name)}[]`)
  const on = table.keys.map((name) => `t."${name}" = k."${name}"`).join(' and ')
  await client.query(
    `delete from ${table.sql} t using unnest(${types.join(', ')}) as k(${quoted(table.keys)}) where ${on}`,
    table.keys.map((name) => keys.map((key) => textOf(table, name, key))),
  )
}

const ESCAPED = /[\\\n\r\t]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function copyText(value: string | null): string {
  if (value === null) return '\\N'
  // Few values have any: to look is cheap, to replace is not.
  return ESCAPED.test(value) ? value.replaceAll(/[\\\n\r\t]/g, (char) => ESCAPES[char] ?? char) : value
}

export function copyLine(table: ReadTable, { row, created, changed }: StoredRow): string {
  let line = ''
  for (const name of table.names) line += `${copyText(textOf(table, name, row))}\t`
  return `${line}${created.position}\t${created.ordinal}\t${changed}\n`
}

/** New rows by COPY, the fastest way in. A key that exists already fails the transaction: a fold is wrong then. */
export async function copyRows(client: ClientBase, table: ReadTable, rows: readonly StoredRow[]): Promise<void> {
  if (rows.length === 0) return
  const lines = rows.map((row) => copyLine(table, row))
  const stream = client.query(copyFrom(`copy ${table.sql} (${quoted(ALL(table))}) from stdin`))
  await pipeline(Readable.from([lines.join('')]), stream)
}
