import { type StoredRow } from '../tables/row-codec.js'

type Rows = Map<string, StoredRow | null>

/**
 * Rows that the projector folded lately, by key: it owns them, so they are as the database has them, or is about to have them. In two
 * generations, so that a row costs one entry and no bookkeeping: what was not asked for while the younger one filled is let go of.
 */
export class RowCache {
  private young: Rows = new Map()
  private old: Rows = new Map()

  /** @param max rows, about. */
  constructor(private readonly max: number) {}

  /** null: known not to be there; undefined: not known. */
  get(key: string): StoredRow | null | undefined {
    const row = this.young.get(key)
    return row === undefined ? this.old.get(key) : row
  }

  /** Keeps it, whatever the size: what is not committed yet must not be read from the database. See {@link trim}. */
  set(key: string, row: StoredRow | null): void {
    this.young.set(key, row)
  }

  /** Lets go of the oldest beyond the bound, but of none of the last `kept` that were set. */
  trim(kept: number): void {
    if (this.young.size < Math.max(this.max / 2, kept)) return
    this.old = this.young
    this.young = new Map()
  }

  clear(): void {
    this.young = new Map()
    this.old = new Map()
  }
}
