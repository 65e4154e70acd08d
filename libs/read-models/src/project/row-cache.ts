import { type StoredRow } from '../tables/row-codec.js'

/** Rows that the projector folded lately, by key: it owns them, so they are as the database has them, or is about to have them. */
export class RowCache {
  private readonly rows = new Map<string, StoredRow | null>()
  constructor(private readonly max: number) {}

  /** null: known not to be there; undefined: not known. */
  get(key: string): StoredRow | null | undefined {
    return this.rows.get(key)
  }

  /** Keeps it, whatever the size: what is not committed yet must not be read from the database. See {@link trim}. */
  set(key: string, row: StoredRow | null): void {
    this.rows.delete(key)
    this.rows.set(key, row)
  }

  /** Lets go of the oldest beyond the bound, but of none of the last `kept` that were set. */
  trim(kept: number): void {
    const least = Math.max(this.max, kept)
    for (const key of this.rows.keys()) {
      if (this.rows.size <= least) return
      this.rows.delete(key)
    }
  }

  clear(): void {
    this.rows.clear()
  }
}
