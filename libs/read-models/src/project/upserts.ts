import { quoted, type ReadTable } from '../tables/table.js'
import { type StoredRow } from '../tables/row-codec.js'
import { allOf, arrayText, literal, textOf, typeOf } from './sql-values.js'

/**
 * Rows written whole, as statements of one connection: each table's is prepared when it is first needed, because to parse and plan it for
 * every small batch costs more than to carry it out. Whose transaction failed must {@link forget}.
 */
export class Upserts {
  private readonly prepared = new Map<ReadTable, string>()

  /** @param rows in key order: fewer page visits. They are locked. */
  sql(table: ReadTable, rows: readonly StoredRow[]): readonly string[] {
    const arrays = allOf(table).map((name) => literal(arrayText(rows.map((row) => valueOf(table, name, row)))))
    const known = this.prepared.get(table)
    const name = known ?? `upsert_${this.prepared.size}`
    this.prepared.set(table, name)
    const execute = `execute ${name}(${arrays.join(', ')})`
    return known ? [execute] : [prepareSql(table, name), execute]
  }

  /** The connection may have prepared them or not. @returns what makes sure that it has not. */
  forget(): string {
    this.prepared.clear()
    return 'deallocate all'
  }
}

function valueOf(table: ReadTable, name: string, { row, created, changed }: StoredRow): string | null {
  if (name === 'created_position') return created.position.toString()
  if (name === 'created_ordinal') return String(created.ordinal)
  if (name === 'changed_position') return changed.toString()
  return textOf(table, name, row)
}

/** In: an array per column. */
function prepareSql(table: ReadTable, as: string): string {
  const all = allOf(table)
  const isJson = (name: string): boolean => typeOf(table, name) === 'json'
  const types = all.map((name) => `${isJson(name) ? 'text' : typeOf(table, name)}[]`)
  const selected = all.map((name) => `v."${name}"${isJson(name) ? '::json' : ''}`)
  const rest = all.filter((name) => !table.keys.includes(name))
  return `prepare ${as}(${types.join(', ')}) as
insert into ${table.sql} (${quoted(all)})
select ${selected.join(', ')} from unnest(${all.map((_, at) => `$${at + 1}`).join(', ')}) as v(${quoted(all)})
on conflict (${quoted(table.keys)}) do update set ${rest.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`
}
