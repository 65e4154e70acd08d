import { type ClientBase } from 'pg'
import { type Columns, type KeyOf, type RecordedEvent, type RowOf } from '#domain-kit'
import { primaryKeySql } from '../tables/primary-key.js'
import { type StoredRow } from '../tables/row-codec.js'
import { type ReadTable } from '../tables/table.js'
import { type Touched } from './changes.js'
import { LoadFailure } from './failure.js'
import { RowCache } from './row-cache.js'
import { SeenKeys } from './seen-keys.js'
import { loadRows } from './load-rows.js'

const ROWS_CACHED = 50_000

/** A row during a batch. */
export interface Entry {
  readonly text: string
  readonly key: KeyOf<Columns>
  /** As it was before the batch; undefined when it was not there. */
  before: StoredRow | undefined
  after: StoredRow | undefined
  /** Position of the event that deleted it; 0n when none did. */
  gone: bigint
}

/** What one batch does to one table. */
export interface TableChanges {
  readonly table: ReadTable
  /** Rows that were there, in key order: fewer page visits. */
  readonly updates: readonly StoredRow[]
  /** Rows that were known not to be there, in key order. */
  readonly created: readonly StoredRow[]
  readonly deletes: readonly KeyOf<Columns>[]
  readonly inserts: readonly StoredRow[]
  readonly touched: readonly Touched[]
  /** Rows are to be found by a primary key that may not be there yet. */
  readonly needsKey: boolean
}

/**
 * One table during one batch: what was there, what is there now. The next batch may begin before this one is committed: what
 * it needs of this one is known here.
 */
export class TableState {
  private readonly known = new RowCache(ROWS_CACHED)
  private entries = new Map<string, Entry>()
  private inserted: StoredRow[] = []
  /** How many rows the event of a position has created in this batch: the next one's ordinal. A handler names events in any order. */
  private ordinals = new Map<bigint, number>()
  /** Rows of the last batch, which may not be committed yet. */
  private lastSize = 0
  private inserting: Promise<unknown> = Promise.resolve()
  private isKeyed = false
  private seen: SeenKeys | undefined

  /** @param isEmpty are there none of the rows that will be asked for, in the beginning? */
  constructor(
    readonly table: ReadTable,
    isEmpty: boolean,
  ) {
    if (isEmpty) this.seen = new SeenKeys()
  }

  /**
   * Makes the state of these keys known, in one query for those that are not.
   *
   * @param client sees what is committed.
   * @returns an entry for each key, in their order; the same one for the same key.
   */
  async load(client: ClientBase, keys: readonly KeyOf<Columns>[]): Promise<readonly Entry[]> {
    if (this.table.keys.length === 0)
      throw new Error(`${this.table.id} has no key() column: its rows can only be inserted`)
    const missing: Entry[] = []
    const entries = keys.map((key) => {
      const text = textOf(this.table.keys, key)
      const known = this.entries.get(text)
      if (known) return known
      const cached = this.known.get(text)
      const entry = { text, key, before: cached ?? undefined, after: cached ?? undefined, gone: 0n }
      this.entries.set(text, entry)
      if (cached === undefined && this.seen?.has(text) !== false) missing.push(entry)
      return entry
    })
    if (missing.length > 0) await this.find(client, missing)
    return entries
  }

  private async find(client: ClientBase, missing: readonly Entry[]): Promise<void> {
    await this.inserting
    const rows = await this.read(
      client,
      missing.map(({ key }) => key),
    )
    for (const row of rows) {
      const entry = this.entries.get(textOf(this.table.keys, row.row))
      if (entry) entry.before = entry.after = row
    }
  }

  private async read(client: ClientBase, keys: readonly KeyOf<Columns>[]): Promise<StoredRow[]> {
    try {
      // Made without; from now on rows are found by it.
      if (!this.isKeyed) await client.query(primaryKeySql(this.table))
      this.isKeyed = true
      return await loadRows(client, this.table, keys)
    } catch (error) {
      throw new LoadFailure(error)
    }
  }

  /** The row after an event; null deletes it. */
  set(entry: Entry, event: RecordedEvent, row: RowOf<Columns> | null): void {
    this.check(event, entry.key)
    if (row === null) {
      entry.gone = event.position
      entry.after = undefined
    } else entry.after = { row, created: entry.after?.created ?? this.place(event), changed: event.position }
  }

  insert(event: RecordedEvent, rows: readonly RowOf<Columns>[]): void {
    // Few ask for what they inserted: to remember so many keys would be in vain.
    this.seen = undefined
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
    const ordinal = this.ordinals.get(position) ?? 0
    this.ordinals.set(position, ordinal + 1)
    return { position, ordinal }
  }

  /** Ends the batch. What it came to must be committed, or {@link forget} called. */
  take(): TableChanges {
    const { table, inserted: inserts } = this
    const dirty: Entry[] = []
    this.known.trim(this.entries.size + this.lastSize)
    for (const entry of this.entries.values()) {
      if (entry.before && entry.after) this.known.set(entry.text, entry.after)
      else this.known.add(entry.text, entry.after ?? null)
      if (entry.before === entry.after) continue
      dirty.push(entry)
      if (!entry.before) this.seen?.add(entry.text)
    }
    if (this.seen?.isFull) this.seen = undefined
    const touched: Touched[] = dirty.map(({ before, after, gone }) => ({
      table,
      before: after || !before ? before : { ...before, changed: gone },
      after,
    }))
    for (const after of inserts) touched.push({ table, before: undefined, after })
    this.lastSize = this.entries.size
    this.discard()
    dirty.sort((a, b) => (a.text < b.text ? -1 : 1))
    const updates = dirty.flatMap(({ before, after }) => (before && after ? [after] : []))
    const created = dirty.flatMap(({ before, after }) => (after && !before ? [after] : []))
    const deletes = dirty.flatMap(({ key, after }) => (after ? [] : [key]))
    const needsKey = !this.isKeyed && updates.length + deletes.length > 0
    if (needsKey) this.isKeyed = true
    return { table, updates, created, deletes, inserts, touched, needsKey }
  }

  /** Rows that were inserted are known to the database only: it is asked for none before they are there. */
  wait(committed: Promise<unknown>): void {
    this.inserting = committed.catch(() => undefined)
  }

  /** What was taken is not committed and will not be: what the database has is unknown. */
  forget(): void {
    this.discard()
    this.known.clear()
    this.isKeyed = false
  }

  private discard(): void {
    this.entries = new Map()
    this.inserted = []
    this.ordinals = new Map()
  }
}

/**
 * Tells keys apart, here only, for half of what the JSON costs that others are told: this is done for every row of every event. No value that a column
 * can hold has U+0000 in it.
 */
function textOf(keys: readonly string[], key: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const name of keys) text += `${key[name] as string | number | bigint | boolean}\0`
  return text
}
