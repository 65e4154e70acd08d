import { type QueryRunner, Table, TableIndex, type TableIndexOptions } from 'typeorm'
import { primaryKeySql } from '../tables/primary-key.js'
import { PLACE_COLUMNS, type ReadTable, sqlType, tableIn } from '../tables/table.js'

function columnsOf(table: ReadTable): { name: string; type: string; isNullable: boolean; collation?: string }[] {
  const declared = Object.entries(table.columns).map(([name, column]) => ({
    name,
    type: sqlType(column),
    isNullable: column.isNullable,
    ...(column.type === 'text' ? { collation: 'C' } : {}),
  }))
  const place = PLACE_COLUMNS.map((name) => ({
    name,
    type: name === 'created_ordinal' ? 'integer' : 'bigint',
    isNullable: false,
  }))
  return [...declared, ...place]
}

/** Each ends with the row's place in the log; where there is no key, one of them sees to it that no place is taken twice. */
const indicesOf = ({ name, keys, listIndexes }: ReadTable): TableIndexOptions[] =>
  listIndexes.map((columns, at) => ({
    name: `${name}_list_${at}`,
    columnNames: [...columns],
    isUnique: keys.length === 0 && at === 0,
  }))

/**
 * The tables of one build, without what only its readers need: rows go in several times faster so. A table gets its primary key when it is
 * first asked for a row.
 */
export async function createTables(runner: QueryRunner, tables: readonly ReadTable[], schema: string): Promise<void> {
  await runner.createSchema(schema, true)
  for (const each of tables) {
    const table = tableIn(each, schema)
    await runner.createTable(new Table({ schema, name: table.name, columns: columnsOf(table) }), true)
  }
}

/** Memory for one index while it is made. */
const INDEX_MIB = 128

/**
 * What readers need. Locks each table against writing while it is read. What is there already stays. Where it fails, its setting stays on the
 * connection.
 */
export async function createIndexes(runner: QueryRunner, tables: readonly ReadTable[], schema: string): Promise<void> {
  await runner.query(`set maintenance_work_mem = '${INDEX_MIB}MB'`)
  for (const each of tables) {
    const table = tableIn(each, schema)
    if (table.keys.length > 0) await runner.query(primaryKeySql(table))
    for (const index of indicesOf(table)) {
      const there = (await runner.query('select 1 from pg_indexes where schemaname = $1 and indexname = $2', [
        schema,
        index.name,
      ])) as unknown[]
      if (there.length === 0) await runner.createIndex(`${schema}.${table.name}`, new TableIndex(index))
    }
    // So many rows have come that what the planner knows of them is nothing.
    await runner.query(`analyze ${table.sql}`)
  }
  await runner.query('reset maintenance_work_mem')
}
