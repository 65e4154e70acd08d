import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm'
import { PLACE_COLUMNS, type ReadTable } from './table.js'

const TYPES = {
  text: 'text',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  boolean: 'boolean',
  json: 'json',
} as const

/** A TypeORM entity for each table, derived from its declaration: for tools, tests and queries beyond the hot path. */
export function entitiesOf(tables: readonly ReadTable[]): readonly EntitySchema[] {
  return tables.map((table) => {
    const columns: Record<string, EntitySchemaColumnOptions> = {}
    for (const [name, column] of Object.entries(table.columns))
      columns[name] = {
        type: TYPES[column.type],
        primary: column.isKey,
        nullable: column.isNullable,
        ...(column.type === 'text' ? { collation: 'C' } : {}),
      }
    const isPlaced = table.keys.length === 0
    for (const name of PLACE_COLUMNS)
      columns[name] = {
        type: name === 'created_ordinal' ? 'integer' : 'bigint',
        primary: isPlaced && name !== 'changed_position',
      }
    return new EntitySchema({ name: table.id, schema: table.schema, tableName: table.name, columns })
  })
}
