import { type EntityManager, type EntitySchema, type ObjectLiteral } from 'typeorm'
import {
  type AnyBatchProjection,
  type AnyProjection,
  type Columns,
  type KeyOf,
  type RecordedEvent,
  type RowOf,
} from '#domain-kit'
import { type ReadTable } from '#read-models'

/** The entities' form of a row: the declared columns and the row's place in the log, 64-bit numbers as text. */
type Stored = ObjectLiteral

/** A table and the TypeORM entity that was derived from it. */
export interface EntityTable {
  readonly table: ReadTable
  readonly entity: EntitySchema
}

function rowOf({ table }: EntityTable, stored: Stored): RowOf<Columns> {
  const entries = Object.entries(table.columns).map(([name, { type }]) => {
    const value: unknown = stored[name]
    return [name, type === 'bigint' && value !== null ? BigInt(value as string) : value] as const
  })
  return Object.fromEntries(entries)
}

/** TypeORM would take JSON's null for SQL's. */
const JSON_NULL = (): string => "'null'::json"

function storedOf(
  { table }: EntityTable,
  row: RowOf<Columns>,
  before: Stored | null,
  position: string,
  ordinal: number,
): Stored {
  const values = Object.entries(row).map(([name, value]) => {
    if (value === null && table.columns[name]?.type === 'json') return [name, JSON_NULL]
    return [name, typeof value === 'bigint' ? `${value}` : value]
  })
  return {
    ...(Object.fromEntries(values) as Stored),
    created_position: before ? (before['created_position'] as string) : position,
    created_ordinal: before ? (before['created_ordinal'] as number) : ordinal,
    changed_position: position,
  }
}

function keyOf({ table }: EntityTable, row: KeyOf<Columns> | RowOf<Columns>): Record<string, unknown> {
  return Object.fromEntries(table.keys.map((name) => [name, (row as Readonly<Record<string, unknown>>)[name]]))
}

/** One event's writes, one row at a time. */
class EventRows {
  private ordinal = 0

  constructor(
    private readonly manager: EntityManager,
    private readonly position: string,
  ) {}

  async find(of: EntityTable, key: KeyOf<Columns>): Promise<Stored | null> {
    return (await this.manager.findOneBy(of.entity, keyOf(of, key))) as Stored | null
  }

  /** Not `save`, which would look again for a row that has just been looked for. */
  async write(of: EntityTable, before: Stored | null, row: RowOf<Columns>): Promise<void> {
    const stored = storedOf(of, row, before, this.position, before ? 0 : this.ordinal++)
    if (before) await this.manager.update(of.entity, keyOf(of, row), stored)
    else await this.manager.insert(of.entity, stored)
  }

  async remove(of: EntityTable, key: KeyOf<Columns>): Promise<void> {
    await this.manager.delete(of.entity, keyOf(of, key))
  }
}

/** Folds one event into the rows that it touches: each is found, changed and written, as a projector by hand does it. */
export async function project(
  manager: EntityManager,
  projection: AnyProjection,
  tables: readonly EntityTable[],
  event: RecordedEvent,
): Promise<void> {
  if (event.aggregate !== projection.of.name || !projection.types.includes(event.type)) return
  const tableOf = (name: string): EntityTable => {
    const found = tables.find(({ table }) => table.projection === projection && table.name === name)
    if (!found) throw new Error(`projection "${projection.name}" has no table "${name}"`)
    return found
  }
  const rows = new EventRows(manager, `${event.position}`)
  if (projection.kind === 'batch') return handle(projection, tableOf, rows, event)
  const of = tableOf(projection.name)
  for (const key of projection.keys(event)) {
    const before = await rows.find(of, key)
    const row = projection.fold(before ? rowOf(of, before) : undefined, event, key)
    if (row) await rows.write(of, before, row)
    else if (before) await rows.remove(of, key)
  }
}

async function handle(
  projection: AnyBatchProjection,
  tableOf: (name: string) => EntityTable,
  rows: EventRows,
  event: RecordedEvent,
): Promise<void> {
  const writes: (() => Promise<void>)[] = []
  const found = new Map<string, Stored | null>()
  const textOf = (of: EntityTable, row: KeyOf<Columns>): string => JSON.stringify([of.table.id, keyOf(of, row)])
  const transaction = {
    load: async (name: string, keys: readonly KeyOf<Columns>[]) => {
      const of = tableOf(name)
      const loaded: RowOf<Columns>[] = []
      for (const key of keys) {
        const stored = await rows.find(of, key)
        found.set(textOf(of, key), stored)
        if (stored) loaded.push(rowOf(of, stored))
      }
      return loaded
    },
    insert: (name: string, _: RecordedEvent, all: readonly RowOf<Columns>[]) => {
      for (const row of all) writes.push(() => rows.write(tableOf(name), null, row))
    },
    upsert: (name: string, _: RecordedEvent, all: readonly RowOf<Columns>[]) => {
      const of = tableOf(name)
      for (const row of all) writes.push(() => rows.write(of, found.get(textOf(of, row)) ?? null, row))
    },
  }
  await projection.handle([event], transaction as never)
  for (const write of writes) await write()
}
