import { type StoredRow } from '../tables/row-codec.js'

/** Rows that the projector folded lately, by key: it owns them, so they are as the database has them. */
export class RowCache {
  private readonly rows = new Map<string, StoredRow | null>()
  constructor(private readonly max: number) {}

  /** null: known not to be there; undefined: not known. */
  get(key: string): StoredRow | null | undefined {
    return this.rows.get(key)
  }

  set(key: string, row: StoredRow | null): void {
    this.rows.delete(key)
    this.rows.set(key, row)
    while (this.rows.size > this.max) {
      const [oldest] = this.rows.keys()
      if (oldest === undefined) return
      this.rows.delete(oldest)
    }
  }

  clear(): void {
    this.rows.clear()
  }
}
