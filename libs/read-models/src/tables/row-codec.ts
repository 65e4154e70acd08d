import { type Column, type Columns, type KeyOf, type RowOf } from '#domain-kit'

/** A row with its place in the log. */
export interface StoredRow {
  readonly row: RowOf<Columns>
  readonly created: { readonly position: bigint; readonly ordinal: number }
  /** Position of the last event that touched it. */
  readonly changed: bigint
}

function encode({ type }: Column, value: unknown): unknown {
  return type === 'bigint' ? String(value) : value
}

function decode({ type }: Column, value: unknown): unknown {
  return type === 'bigint' && value !== null ? BigInt(value as string) : value
}

/** A row as a JSON-safe array in column order: for cache and feed. */
export function encodeRow(columns: Columns, row: RowOf<Columns>): unknown[] {
  return Object.entries(columns).map(([name, column]) => encode(column, row[name]))
}

export function decodeRow(columns: Columns, values: readonly unknown[]): RowOf<Columns> {
  return Object.fromEntries(Object.entries(columns).map(([name, column], at) => [name, decode(column, values[at])]))
}

/** From what pg hands over: 64-bit integers and numerics are text, json is parsed. */
export function fromSql(columns: Columns, record: Readonly<Record<string, unknown>>): StoredRow {
  return {
    row: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, decode(column, record[name])])),
    created: {
      position: BigInt(record['created_position'] as string),
      ordinal: record['created_ordinal'] as number,
    },
    changed: BigInt(record['changed_position'] as string),
  }
}

/** To what a query parameter or COPY takes. */
export function toSqlText({ type }: Column, value: unknown): string | null {
  if (type === 'json') return JSON.stringify(value)
  if (value === null || value === undefined) return null
  return (value as string | number | bigint | boolean).toString()
}

/** One text for a key, the same in the row cache, in Redis and in subscriptions. */
export function keyText(keys: readonly string[], key: KeyOf<Columns> | Readonly<Record<string, unknown>>): string {
  const values = key as Readonly<Record<string, unknown>>
  return JSON.stringify(keys.map((name) => (typeof values[name] === 'bigint' ? String(values[name]) : values[name])))
}
