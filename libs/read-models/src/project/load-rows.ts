import { type ClientBase } from 'pg'
import { type Columns, type KeyOf } from '#domain-kit'
import { quoted, type ReadTable } from '../tables/table.js'
import { fromSql, type StoredRow } from '../tables/row-codec.js'
import { arrayText, keysMatch, textOf, typeOf } from './sql-values.js'

/** In: an array per key column. Out: the rows that exist. Locks nothing: the projector owns the table. */
export async function loadRows(
  client: ClientBase,
  table: ReadTable,
  keys: readonly KeyOf<Columns>[],
): Promise<StoredRow[]> {
  const types = table.keys.map((name, at) => `$${at + 1}::${typeOf(table, name)}[]`)
  const keyed = `unnest(${types.join(', ')}) as k(${quoted(table.keys)})`
  const sql = `select t.* from ${keyed} join ${table.sql} t on ${keysMatch(table)}`
  const values = table.keys.map((name) => arrayText(keys.map((key) => textOf(table, name, key))))
  const { rows } = await client.query<Record<string, unknown>>(sql, values)
  return rows.map((record) => fromSql(table.columns, record))
}
