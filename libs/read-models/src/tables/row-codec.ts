import { type Column, type Columns, type KeyOf, type RowOf } from '#domain-kit'

/** A row with its place in the log. */
export interface StoredRow {
  readonly row: RowOf<Columns>
  readonly created: { readonly position: bigint; readonly ordinal: number }
  /** Position of the last event that touched it. */
  readonly changed: bigint
}

function encode({ type }: Column, value: unknown): unknown {
  return type === 'bigint' && value !== null && value !== undefined ? (value as bigint).toString() : value
}

function decode({ type }: Column, value: unknown): unknown {
  return type === 'bigint' && value !== null ? BigInt(value as string) : value
}

/** Tells a row from all others of its table: by its key, or by its place in the log where there is none. */
export function identityOf(keys: readonly string[], { row, created }: StoredRow): string {
  return keys.length > 0 ? keyText(keys, row) : `${created.position}.${created.ordinal}`
}

type Layout = readonly (readonly [name: string, column: Column])[]

const layouts = new WeakMap<Columns, Layout>()

/** The columns in their order: looked up for every row, listed once. */
export function layoutOf(columns: Columns): Layout {
  const known = layouts.get(columns)
  if (known) return known
  const layout = Object.entries(columns)
  layouts.set(columns, layout)
  return layout
}

/** A row as a JSON-safe array in column order: for cache and feed. */
export function encodeRow(columns: Columns, row: RowOf<Columns>): unknown[] {
  return layoutOf(columns).map(([name, column]) => encode(column, row[name]))
}

export function decodeRow(columns: Columns, values: readonly unknown[]): RowOf<Columns> {
  return rowWith(columns, (_, column, at) => decode(column, values[at]))
}

function rowWith(columns: Columns, valueOf: (name: string, column: Column, at: number) => unknown): RowOf<Columns> {
  const row: Record<string, unknown> = {}
  for (const [at, [name, column]] of layoutOf(columns).entries()) row[name] = valueOf(name, column, at)
  return row
}

/** From what pg hands over: 64-bit integers and numerics are text, json is parsed. */
export function fromSql(columns: Columns, record: Readonly<Record<string, unknown>>): StoredRow {
  return {
    row: rowWith(columns, (name, column) => decode(column, record[name])),
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

/** Texts that JSON only puts into quotes: most, and to see so takes half as long as to write them. */
const PLAIN = /^[ !#-[\]-~]*$/

function jsonOf(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value)
  return typeof value === 'object' ? JSON.stringify(value) : `"${value as number | bigint}"`
}

/**
 * One text for a key, a JSON array of texts: the same in the row cache, in Redis and in subscriptions, whether a value is a row's or was written in a
 * path.
 */
export function keyText(keys: readonly string[], key: KeyOf<Columns> | Readonly<Record<string, unknown>>): string {
  const values = key as Readonly<Record<string, unknown>>
  let text = '['
  for (const name of keys) {
    // A value at a time: a good deal faster than an array of them, and this is done for every row of every event.
    text += `${text === '[' ? '' : ','}${jsonOf(values[name])}`
  }
  return `${text}]`
}
