import { type Json } from './event.js'

export type ColumnType = 'text' | 'integer' | 'bigint' | 'numeric' | 'boolean' | 'json'

/** A column of a read model: its type, its value before any event, whether it is part of the key. */
export interface Column<T = unknown, IsKey extends boolean = boolean> {
  readonly type: ColumnType
  readonly isKey: IsKey
  readonly isNullable: boolean
  readonly initial: T
}

export interface PlainColumn<T> extends Column<T, false> {
  /** Part of the primary key; the order of declaration is the order in the key. */
  key(): Column<T, true>
  /** May be null, and is null before any event. */
  nullable(): Column<T | null, false>
}

function column<T>(type: ColumnType, initial: T): PlainColumn<T> {
  return {
    type,
    initial,
    isKey: false,
    isNullable: false,
    key: () => ({ type, initial, isKey: true, isNullable: false }),
    nullable: () => ({ type, initial: null, isKey: false, isNullable: true }),
  }
}

/** Any Unicode text; compared byte by byte (collation "C"). Before any event: `''`. */
export const text = () => column<string>('text', '')
/** A 32-bit integer. Before any event: 0. */
export const integer = () => column<number>('integer', 0)
/** A 64-bit integer. Before any event: 0n. */
export const bigint = () => column<bigint>('bigint', 0n)
/** An exact decimal as a string, at any precision. Before any event: `'0'`. */
export const numeric = () => column<string>('numeric', '0')
export const boolean = () => column<boolean>('boolean', false)
/** A JSON value of the given type. */
export const json = <T extends Json>(initial: T) => column<T>('json', initial)

export type Columns = Readonly<Record<string, Column>>

/** The row that a table's columns describe. */
export type RowOf<C extends Columns> = { readonly [K in keyof C]: C[K] extends Column<infer T> ? T : never }

/** The names of a table's key columns. */
export type KeyColumns<C extends Columns> = {
  [K in keyof C]: C[K] extends Column<unknown, true> ? K : never
}[keyof C] &
  string

/** The key columns' values. */
export type KeyOf<C extends Columns> = Pick<RowOf<C>, KeyColumns<C>>
