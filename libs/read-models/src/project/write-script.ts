import { type Columns, type KeyOf } from '#domain-kit'
import { primaryKeySql } from '../tables/primary-key.js'
import { PLACE_COLUMNS, quoted, type ReadTable } from '../tables/table.js'
import { layoutOf, type StoredRow, toSqlText } from '../tables/row-codec.js'
import { CopyText } from './copy-text.js'
import { arrayText, keysMatch, literal, textOf, typeOf } from './sql-values.js'
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
 * @throws FoldFailure when a value cannot be written.
 */
export function scriptOf(writes: readonly TableChanges[]): Script {
  const statements: string[] = []
  const copies: Buffer[] = []
  for (const changes of writes)
    try {
      addTo(statements, copies, changes)
    } catch (error) {
      throw new FoldFailure(changes.table.projection.name, error)
    }
  return { statements, copies }
}

function addTo(statements: string[], copies: Buffer[], changes: TableChanges): void {
  const { table, updates, created, deletes, inserts, needsKey } = changes
  if (needsKey) statements.push(primaryKeySql(table))
  if (updates.length > 0) statements.push(updateSql(table, updates))
  if (deletes.length > 0) statements.push(deleteSql(table, deletes))
  for (const rows of [created, inserts]) {
    if (rows.length === 0) continue
    statements.push(`copy ${table.sql} (${quoted(allOf(table))}) from stdin`)
    copies.push(copied(table, rows))
  }
}

const allOf = ({ names }: ReadTable): readonly string[] => [...names, ...PLACE_COLUMNS]

function valueOf(table: ReadTable, name: string, { row, created, changed }: StoredRow): string | null {
  if (name === 'created_position') return created.position.toString()
  if (name === 'created_ordinal') return String(created.ordinal)
  if (name === 'changed_position') return changed.toString()
  return textOf(table, name, row)
}

/** Rows written whole, in key order (fewer page visits). Locks the rows. */
function updateSql(table: ReadTable, rows: readonly StoredRow[]): string {
  const all = allOf(table)
  const arrays = all.map((name) => {
    const type = typeOf(table, name)
    const text = arrayText(rows.map((row) => valueOf(table, name, row)))
    return `${literal(text)}::${type === 'json' ? 'text' : type}[]`
  })
  const selected = all.map((name) => (typeOf(table, name) === 'json' ? `v."${name}"::json` : `v."${name}"`))
  const rest = all.filter((name) => !table.keys.includes(name))
  return `insert into ${table.sql} (${quoted(all)})
select ${selected.join(', ')} from unnest(${arrays.join(', ')}) as v(${quoted(all)})
on conflict (${quoted(table.keys)}) do update set ${rest.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`
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
