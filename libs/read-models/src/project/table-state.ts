import { type ClientBase } from 'pg'
import { type Columns, type KeyOf, type RecordedEvent, type RowOf } from '#domain-kit'
import { keyText, type StoredRow } from '../tables/row-codec.js'
import { type ReadTable } from '../tables/table.js'
import { type Touched } from './changes.js'
import { LoadFailure } from './failure.js'
import { RowCache } from './row-cache.js'
import { copyRows, deleteRows, loadRows, upsertRows } from './table-writer.js'

const ROWS_CACHED = 50_000

interface Entry {
  readonly key: KeyOf<Columns>
  /** As it was before the batch; undefined when it was not there. */
  readonly before: StoredRow | undefined
  after: StoredRow | undefined
}

/** What one batch does to one table. */
export interface TableChanges {
  readonly table: ReadTable
  /** In key order: fewer page visits. */
  readonly upserts: readonly StoredRow[]
  readonly deletes: readonly KeyOf<Columns>[]
  readonly inserts: readonly StoredRow[]
  readonly touched: readonly Touched[]
}

export const isEmpty = ({ upserts, deletes, inserts }: TableChanges): boolean =>
  upserts.length + deletes.length + inserts.length === 0

/** In the caller's transaction. */
export async function writeChanges(
  client: ClientBase,
  { table, upserts, deletes, inserts }: TableChanges,
): Promise<void> {
  await upsertRows(client, table, upserts)
  await deleteRows(client, table, deletes)
  await copyRows(client, table, inserts)
}

/**
 * One table during one batch: what was there, what is there now. The next batch may begin before this one is committed: what
 * it needs of this one is known here.
 */
export class TableState {
  private readonly known = new RowCache(ROWS_CACHED)
  private entries = new Map<string, Entry>()
  private inserted: StoredRow[] = []
  /** Rows created by the event of this position so far: the next one's ordinal. */
  private ordinal: { readonly position: bigint; next: number } = { position: -1n, next: 0 }
  /** Rows of the last batch, which may not be committed yet. */
  private lastSize = 0
  private inserting: Promise<unknown> = Promise.resolve()

  constructor(readonly table: ReadTable) {}

  /** Makes the state of these keys known, in one query for those that are not. @param client sees what is committed. */
  async load(client: ClientBase, keys: readonly KeyOf<Columns>[]): Promise<void> {
    const missing = new Map<string, KeyOf<Columns>>()
    for (const key of keys) {
      const text = keyText(this.table.keys, key)
      if (this.entries.has(text) || missing.has(text)) continue
      const cached = this.known.get(text)
      if (cached === undefined) missing.set(text, key)
      else this.entries.set(text, { key, before: cached ?? undefined, after: cached ?? undefined })
    }
    if (missing.size === 0) return
    await this.inserting
    const found = new Map<string, StoredRow>()
    for (const row of await this.read(client, [...missing.values()])) found.set(keyText(this.table.keys, row.row), row)
    for (const [text, key] of missing) this.entries.set(text, { key, before: found.get(text), after: found.get(text) })
  }

  private async read(client: ClientBase, keys: readonly KeyOf<Columns>[]): Promise<StoredRow[]> {
    try {
      return await loadRows(client, this.table, keys)
    } catch (error) {
      throw new LoadFailure(error)
    }
  }

  get(key: KeyOf<Columns>): StoredRow | undefined {
    return this.entries.get(keyText(this.table.keys, key))?.after
  }

  /** The row after an event; null deletes it. The key must have been loaded. */
  set(key: KeyOf<Columns>, event: RecordedEvent, row: RowOf<Columns> | null): void {
    const entry = this.entries.get(keyText(this.table.keys, key))
    if (!entry) throw new Error(`${this.table.id}: a row was set that was not loaded`)
    this.check(event, key)
    const created = entry.after?.created
    entry.after = row === null ? undefined : { row, created: created ?? this.place(event), changed: event.position }
  }

  insert(event: RecordedEvent, rows: readonly RowOf<Columns>[]): void {
    for (const row of rows) {
      this.check(event, row)
      this.inserted.push({ row, created: this.place(event), changed: event.position })
    }
  }

  /** Streams that are folded apart must not meet in a row. */
  private check({ aggregate, aggregateId, type }: RecordedEvent, key: Readonly<Record<string, unknown>>): void {
    const { isPartitioned, id } = this.table
    if (isPartitioned && key[aggregate] !== aggregateId)
      throw new Error(
        `${id}: a row of ${aggregate} "${String(key[aggregate])}" was touched by ${type} of ${aggregate} "${aggregateId}"; ` +
          `the key column "${aggregate}" must be the id of the event's own, or be named otherwise`,
      )
  }

  private place({ position }: RecordedEvent): StoredRow['created'] {
    if (this.ordinal.position !== position) this.ordinal = { position, next: 0 }
    return { position, ordinal: this.ordinal.next++ }
  }

  /** Ends the batch. What it came to must be committed, or {@link forget} called. */
  take(): TableChanges {
    const { table, inserted: inserts } = this
    const touched: Touched[] = []
    const dirty: [string, Entry][] = []
    for (const pair of this.entries) {
      const [text, { before, after }] = pair
      this.known.set(text, after ?? null)
      if (before === after) continue
      dirty.push(pair)
      touched.push({ table, before, after })
    }
    for (const after of inserts) touched.push({ table, before: undefined, after })
    this.known.trim(this.entries.size + this.lastSize)
    this.lastSize = this.entries.size
    this.discard()
    dirty.sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      table,
      upserts: dirty.flatMap(([, { after }]) => (after ? [after] : [])),
      deletes: dirty.filter(([, { after }]) => !after).map(([, { key }]) => key),
      inserts,
      touched,
    }
  }

  /** Rows that were inserted are known to the database only: it is asked for none before they are there. */
  wait(committed: Promise<unknown>): void {
    this.inserting = committed.catch(() => undefined)
  }

  /** What was taken is not committed and will not be: what the database has is unknown. */
  forget(): void {
    this.discard()
    this.known.clear()
  }

  private discard(): void {
    this.entries = new Map()
    this.inserted = []
    this.ordinal = { position: -1n, next: 0 }
  }
}
