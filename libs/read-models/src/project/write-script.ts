import { type Columns, type KeyOf } from '#domain-kit'
import { primaryKeySql } from '../tables/primary-key.js'
import { quoted, type ReadTable } from '../tables/table.js'
import { layoutOf, type StoredRow, toSqlText } from '../tables/row-codec.js'
import { CopyText } from './copy-text.js'
import { allOf, arrayText, keysMatch, literal, textOf, typeOf } from './sql-values.js'
import { type Upserts } from './upserts.js'
import { FoldFailure } from './failure.js'
import { type TableChanges } from './table-state.js'

/** Statements that are sent at once, and the rows of those among them that copy, in their order. */
export interface Script {
  readonly statements: readonly string[]
  readonly copies: readonly Buffer[]
}

/**
 * All that a batch does to its tables. To send it takes one round trip, and while Postgres works on it the next batch can be folded.
 *
 * @param upserts of the connection that it is for.
 * @throws FoldFailure when a value cannot be written.
 */
export function scriptOf(writes: readonly TableChanges[], upserts: Upserts): Script {
  const statements: string[] = []
  const copies: Buffer[] = []
  for (const changes of writes)
    try {
      addTo(statements, copies, changes, upserts)
    } catch (error) {
      throw new FoldFailure(changes.table.projection.name, error)
    }
  return { statements, copies }
}

function addTo(statements: string[], copies: Buffer[], changes: TableChanges, upserts: Upserts): void {
  const { table, updates, created, deletes, inserts, needsKey } = changes
  if (needsKey) statements.push(primaryKeySql(table))
  if (updates.length > 0) statements.push(...upserts.sql(table, updates))
  if (deletes.length > 0) statements.push(deleteSql(table, deletes))
  for (const rows of [created, inserts]) {
    if (rows.length === 0) continue
    statements.push(`copy ${table.sql} (${quoted(allOf(table))}) from stdin`)
    copies.push(copied(table, rows))
  }
}

/** Locks the rows. */
function deleteSql(table: ReadTable, keys: readonly KeyOf<Columns>[]): string {
  const arrays = table.keys.map((name) => {
    const text = arrayText(keys.map((key) => textOf(table, name, key)))
    return `${literal(text)}::${typeOf(table, name)}[]`
  })
  const keyed = `unnest(${arrays.join(', ')}) as k(${quoted(table.keys)})`
  return `delete from ${table.sql} t using ${keyed} where ${keysMatch(table)}`
}

const ROW_BYTES = 200

/** A row as COPY reads it: the fastest way in. A key that exists already fails the transaction; a fold is wrong then. */
function copied(table: ReadTable, rows: readonly StoredRow[]): Buffer {
  const columns = layoutOf(table.columns)
  const copy = new CopyText(rows.length * ROW_BYTES)
  for (const { row, created, changed } of rows) {
    for (const [name, column] of columns) copy.field(toSqlText(column, row[name]))
    copy.field(created.position.toString())
    copy.field(created.ordinal.toString())
    copy.field(changed.toString())
    copy.row()
  }
  return copy.written
}
