import { type StoredRow } from '../tables/row-codec.js'

type Rows = Map<string, StoredRow | null>

/**
 * Rows that the projector folded lately, by key: it owns them, so they are as the database has them, or is about to have them. In two
 * generations, so that a row costs one entry and no bookkeeping: what was not asked for while the younger one filled is let go of. A row
 * that was made is kept for two batches only, until it is in the database; it has to be asked for once more to stay (after Johnson and Shasha,
 * "2Q", 1994): most rows of a table that only grows are never asked for again, and would only grow old in memory.
 */
export class RowCache {
  private young: Rows = new Map()
  private old: Rows = new Map()
  private made: Rows = new Map()
  private madeBefore: Rows = new Map()

  /** @param max rows, about. */
  constructor(private readonly max: number) {}

  /** null: known not to be there; undefined: not known. */
  get(key: string): StoredRow | null | undefined {
    let row = this.young.get(key)
    if (row === undefined) row = this.old.get(key)
    if (row === undefined) row = this.made.get(key)
    return row === undefined ? this.madeBefore.get(key) : row
  }

  /** A row that was there and has changed. Keeps it, whatever the size: what is not committed yet must not be read from the database. See {@link trim}. */
  set(key: string, row: StoredRow): void {
    this.madeBefore.delete(key)
    this.young.set(key, row)
  }

  /** A row that was not there before, or is not there now (null): known for two batches. */
  add(key: string, row: StoredRow | null): void {
    this.young.delete(key)
    this.old.delete(key)
    this.made.set(key, row)
  }

  /** Before a batch's rows are put: lets go of the oldest beyond the bound, but of none that the last `kept` changed. */
  trim(kept: number): void {
    this.madeBefore = this.made
    this.made = new Map()
    if (this.young.size < Math.max(this.max / 2, kept)) return
    this.old = this.young
    this.young = new Map()
  }

  clear(): void {
    for (const rows of [this.young, this.old, this.made, this.madeBefore]) rows.clear()
  }
}
