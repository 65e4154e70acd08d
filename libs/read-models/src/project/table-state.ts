import { type ClientBase } from 'pg'
import { type Columns, type KeyOf, type RecordedEvent, type RowOf } from '#domain-kit'
import { keyText, type StoredRow } from '../tables/row-codec.js'
import { type ReadTable } from '../tables/table.js'
import { type Touched } from './changes.js'
import { RowCache } from './row-cache.js'
import { copyRows, deleteRows, loadRows, upsertRows } from './table-writer.js'

const ROWS_CACHED = 50_000

interface Entry {
  readonly key: KeyOf<Columns>
  /** As committed; undefined when it was not there. */
  readonly before: StoredRow | undefined
  after: StoredRow | undefined
}

/** One table during one batch: what was there, what is there now; written once a row at the end. */
export class TableState {
  private readonly committed = new RowCache(ROWS_CACHED)
  private entries = new Map<string, Entry>()
  private inserted: StoredRow[] = []
  /** Rows created by the event of this position so far: the next one's ordinal. */
  private ordinal: { readonly position: bigint; next: number } = { position: -1n, next: 0 }

  constructor(readonly table: ReadTable) {}

  /** Makes the committed state of these keys known, in one query for those that are not. */
  async load(client: ClientBase, keys: readonly KeyOf<Columns>[]): Promise<void> {
    const missing = new Map<string, KeyOf<Columns>>()
    for (const key of keys) {
      const text = keyText(this.table.keys, key)
      if (this.entries.has(text) || missing.has(text)) continue
      const cached = this.committed.get(text)
      if (cached === undefined) missing.set(text, key)
      else this.entries.set(text, { key, before: cached ?? undefined, after: cached ?? undefined })
    }
    const found = new Map<string, StoredRow>()
    for (const row of await loadRows(client, this.table, [...missing.values()]))
      found.set(keyText(this.table.keys, row.row), row)
    for (const [text, key] of missing) this.entries.set(text, { key, before: found.get(text), after: found.get(text) })
  }

  get(key: KeyOf<Columns>): StoredRow | undefined {
    return this.entries.get(keyText(this.table.keys, key))?.after
  }

  /** The row after an event; null deletes it. The key must have been loaded. */
  set(key: KeyOf<Columns>, event: RecordedEvent, row: RowOf<Columns> | null): void {
    const entry = this.entries.get(keyText(this.table.keys, key))
    if (!entry) throw new Error(`${this.table.id}: a row was set that was not loaded`)
    const created = entry.after?.created
    entry.after = row === null ? undefined : { row, created: created ?? this.place(event), changed: event.position }
  }

  insert(event: RecordedEvent, rows: readonly RowOf<Columns>[]): void {
    for (const row of rows) this.inserted.push({ row, created: this.place(event), changed: event.position })
  }

  private place({ position }: RecordedEvent): StoredRow['created'] {
    if (this.ordinal.position !== position) this.ordinal = { position, next: 0 }
    return { position, ordinal: this.ordinal.next++ }
  }

  async write(client: ClientBase): Promise<void> {
    const dirty = [...this.entries].filter(([, { before, after }]) => before !== after)
    const sorted = dirty.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
    const rows = sorted.flatMap(({ after }) => (after ? [after] : []))
    await upsertRows(client, this.table, rows)
    await deleteRows(
      client,
      this.table,
      sorted.filter(({ after }) => !after).map(({ key }) => key),
    )
    await copyRows(client, this.table, this.inserted)
  }

  /** Ends the batch after its commit. @returns every row that it touched. */
  settle(): readonly Touched[] {
    const { table } = this
    const touched: Touched[] = []
    for (const [text, { before, after }] of this.entries) {
      if (before !== after) touched.push({ table, before, after })
      this.committed.set(text, after ?? null)
    }
    for (const after of this.inserted) touched.push({ table, before: undefined, after })
    this.discard()
    return touched
  }

  /** Ends the batch after its failure: what the database has is unknown. */
  forget(): void {
    this.discard()
    this.committed.clear()
  }

  private discard(): void {
    this.entries = new Map()
    this.inserted = []
    this.ordinal = { position: -1n, next: 0 }
  }
}
