import { type Aggregate, type IdRule } from './aggregate.js'
import { type AnyAggregate } from './command.js'
import { type Columns, type KeyColumns, type KeyOf, type RowOf } from './columns.js'
import { type DataOf, type EventShape, type RecordedEvent, type RecordedOf } from './event.js'

type FoldContext<E extends EventShape, C extends Columns> = Omit<RecordedEvent<E>, 'type' | 'data'> & {
  /** The key being folded: one event may touch several. */
  readonly key: KeyOf<C>
}

/**
 * Folds one event into the row of one key. Before the first event the row holds its key and each column's initial
 * value. Returning null deletes the row.
 */
export type Fold<C extends Columns, E extends EventShape> = {
  readonly [T in E['type']]?: (row: RowOf<C>, data: DataOf<E, T>, context: FoldContext<E, C>) => RowOf<C> | null
}

export interface ProjectionDefinition<C extends Columns, E extends EventShape> {
  /** Raise it when the fold or the table changes: the new version is built beside the old one. At least 1. */
  readonly version: number
  readonly of: Aggregate<string, never, E> | AggregateOf<E>
  readonly table: C
  /** Which row, or rows, an event touches; an empty array for none. Called only for event types that `fold` has. */
  readonly key: (event: RecordedOf<E>) => KeyOf<C> | readonly KeyOf<C>[]
  readonly fold: Fold<C, E>
}

/** Anything that names the events `E`; the state does not matter to a projection. */
export interface AggregateOf<E extends EventShape> {
  readonly kind: 'aggregate'
  readonly name: string
  readonly id?: IdRule
  readonly events?: E
}

/** A named, versioned fold of the log into one table: one row per key. Name and column names are snake_case. */
export interface Projection<C extends Columns = Columns> {
  readonly kind: 'fold'
  readonly name: string
  readonly version: number
  readonly of: AnyAggregateRef
  readonly tables: { readonly [table: string]: Columns }
  readonly columns: C
  /** Event types that touch it. */
  readonly types: readonly string[]
  keys(event: RecordedEvent): readonly KeyOf<Columns>[]
  /** @returns the row after the event, or null to delete it. `row` is undefined before the first event of the key. */
  fold(row: RowOf<Columns> | undefined, event: RecordedEvent, key: KeyOf<Columns>): RowOf<Columns> | null
}

export type AnyAggregateRef = Pick<AnyAggregate, 'kind' | 'name' | 'id'>

const NAME = /^[a-z][a-z0-9_]{0,40}$/

function checkNames(kind: string, name: string, version: number, tables: Readonly<Record<string, Columns>>): void {
  const names = [name, ...Object.keys(tables), ...Object.values(tables).flatMap((columns) => Object.keys(columns))]
  for (const each of names)
    if (!NAME.test(each)) throw new RangeError(`${kind} "${name}": "${each}" must be 1-41 of [a-z0-9_], first a letter`)
  if (!Number.isInteger(version) || version < 1)
    throw new RangeError(`${kind} "${name}": version must be an integer of at least 1`)
}

/** The row of a key that no event has touched yet. */
export function initialRow<C extends Columns>(columns: C, key: KeyOf<C>): RowOf<C> {
  const initial = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.initial]))
  return { ...initial, ...key } as RowOf<C>
}

/** Declares a read model as a pure fold per key. See {@link ProjectionDefinition}. */
export function projection<E extends EventShape, const C extends Columns>(
  name: string,
  definition: ProjectionDefinition<C, E>,
): Projection<C> {
  checkNames('projection', name, definition.version, { [name]: definition.table })
  if (!Object.values(definition.table).some(({ isKey }) => isKey))
    throw new RangeError(`projection "${name}": table "${name}" needs a key() column`)
  type Handler = (row: RowOf<C>, data: object, context: FoldContext<E, C>) => RowOf<C> | null
  const handlers = new Map(Object.entries(definition.fold) as [string, Handler][])
  const initial = initialRow(definition.table, {} as KeyOf<C>)
  let last: RecordedEvent | undefined
  let context: { -readonly [K in keyof FoldContext<E, C>]: FoldContext<E, C>[K] } | undefined
  /** One context serves all keys of an event: to copy it for each would be much of what folding costs. */
  const contextOf = (event: RecordedEvent, key: KeyOf<C>): FoldContext<E, C> => {
    if (context && last === event) {
      context.key = key
      return context
    }
    last = event
    const { id, version, stream, aggregate, aggregateId, revision, position, time, metadata } = event
    // Spelled out, it takes a fraction of what spreading does.
    context = { id, version, stream, aggregate, aggregateId, revision, position, time, metadata, key }
    return context
  }
  return {
    kind: 'fold',
    name,
    version: definition.version,
    of: definition.of,
    tables: { [name]: definition.table },
    columns: definition.table,
    types: [...handlers.keys()],
    keys: (event) => {
      if (!handlers.has(event.type)) return []
      const keys = definition.key(event as RecordedOf<E>)
      return Array.isArray(keys) ? (keys as readonly KeyOf<C>[]) : [keys]
    },
    fold: (row, event, key) => {
      const handler = handlers.get(event.type)
      const before = (row ?? { ...initial, ...key }) as RowOf<C>
      return handler ? handler(before, event.data, contextOf(event, key as KeyOf<C>)) : before
    },
  }
}

/** Names of the tables that have a key; rows of the others can only be inserted. */
type KeyedTable<T extends Readonly<Record<string, Columns>>> = {
  [N in keyof T & string]: [KeyColumns<T[N]>] extends [never] ? never : N
}[keyof T & string]

/** What a batch handler may do inside the transaction that also moves the checkpoint. */
export interface ProjectionTransaction<T extends Readonly<Record<string, Columns>>> {
  /** Rows by key, in no particular order; keys without a row are left out. At most 10,000 keys a call. */
  load<N extends KeyedTable<T>>(table: N, keys: readonly KeyOf<T[N]>[]): Promise<readonly RowOf<T[N]>[]>
  /** New rows, in log order; `event` gives each its place in the log. A key that exists already is a bug and stops the partition. */
  insert<N extends keyof T & string>(table: N, event: RecordedEvent, rows: readonly RowOf<T[N]>[]): void
  /** Rows written whole, last one wins. */
  upsert<N extends KeyedTable<T>>(table: N, event: RecordedEvent, rows: readonly RowOf<T[N]>[]): void
}

export interface BatchProjectionDefinition<T extends Readonly<Record<string, Columns>>, E extends EventShape> {
  readonly version: number
  readonly of: AggregateOf<E>
  /** A table without a `key()` column takes rows that are only inserted, and told apart by their place in the log: an index less for each of them. */
  readonly tables: T
  readonly types: readonly E['type'][]
  /** Folds a batch of events, in log order. Pure but for the transaction: called again with the same batch after a crash. */
  readonly handle: (events: readonly RecordedOf<E>[], tx: ProjectionTransaction<T>) => Promise<void>
}

/** A read model that a fold per key cannot express, such as lines with a running balance. */
export interface BatchProjection<T extends Readonly<Record<string, Columns>> = Readonly<Record<string, Columns>>> {
  readonly kind: 'batch'
  readonly name: string
  readonly version: number
  readonly of: AnyAggregateRef
  readonly tables: T
  readonly types: readonly string[]
  handle(events: readonly RecordedEvent[], tx: ProjectionTransaction<T>): Promise<void>
}

/** Declares a read model as a handler of batches. See {@link BatchProjectionDefinition}. */
export function batchProjection<E extends EventShape, const T extends Readonly<Record<string, Columns>>>(
  name: string,
  definition: BatchProjectionDefinition<T, E>,
): BatchProjection<T> {
  checkNames('batch projection', name, definition.version, definition.tables)
  return {
    kind: 'batch',
    name,
    version: definition.version,
    of: definition.of,
    tables: definition.tables,
    types: definition.types,
    handle: (events, tx) => definition.handle(events as readonly RecordedOf<E>[], tx),
  }
}

export type AnyProjection = Projection | AnyBatchProjection

export interface AnyBatchProjection extends Omit<BatchProjection, 'handle'> {
  handle(events: readonly RecordedEvent[], tx: ProjectionTransaction<never>): Promise<void>
}
