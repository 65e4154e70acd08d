import { type Random } from '../random.js'

/** So many of all items that were ever added, each with the same chance (reservoir sampling: Vitter, 1985, algorithm R). */
export class Sample<T> {
  private readonly kept: T[] = []
  private added = 0

  constructor(
    private readonly max: number,
    private readonly random: Random,
  ) {}

  add(item: T): void {
    this.added += 1
    if (this.kept.length < this.max) return void this.kept.push(item)
    const place = this.random.between(0, this.added - 1)
    if (place < this.max) this.kept[place] = item
  }

  /** Any of them; undefined while there are none. */
  pick(): T | undefined {
    return this.kept.length === 0 ? undefined : this.random.pick(this.kept)
  }
}
