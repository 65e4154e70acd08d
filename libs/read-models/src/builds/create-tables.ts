import { type QueryRunner, Table, TableIndex } from 'typeorm'
import { PLACE_COLUMNS, type ReadTable, sqlType } from '../tables/table.js'

function columnsOf(
  table: ReadTable,
): { name: string; type: string; isPrimary: boolean; isNullable: boolean; collation?: string }[] {
  const declared = Object.entries(table.columns).map(([name, column]) => ({
    name,
    type: sqlType(column),
    isPrimary: column.isKey,
    isNullable: column.isNullable,
    ...(column.type === 'text' ? { collation: 'C' } : {}),
  }))
  const place = PLACE_COLUMNS.map((name) => ({
    name,
    type: name === 'created_ordinal' ? 'integer' : 'bigint',
    isPrimary: false,
    isNullable: false,
  }))
  return [...declared, ...place]
}

const indicesOf = ({ name, listIndexes }: ReadTable): { name: string; columnNames: string[] }[] =>
  listIndexes.map((columns, at) => ({ name: `${name}_list_${at}`, columnNames: [...columns] }))

/** The tables of one build. What serves lists only may come last: rows go in faster without. */
export async function createTables(
  runner: QueryRunner,
  tables: readonly ReadTable[],
  schema: string,
  isIndexed: boolean,
): Promise<void> {
  await runner.createSchema(schema, true)
  for (const table of tables)
    await runner.createTable(new Table({ schema, name: table.name, columns: columnsOf(table) }), true)
  if (isIndexed) await createIndexes(runner, tables, schema)
}

/** Locks each table against writing while it is read. An index that is there already stays. */
export async function createIndexes(runner: QueryRunner, tables: readonly ReadTable[], schema: string): Promise<void> {
  for (const table of tables)
    for (const { name, columnNames } of indicesOf(table)) {
      const there = (await runner.query('select 1 from pg_indexes where schemaname = $1 and indexname = $2', [
        schema,
        name,
      ])) as unknown[]
      if (there.length === 0) await runner.createIndex(`${schema}.${table.name}`, new TableIndex({ name, columnNames }))
    }
}
