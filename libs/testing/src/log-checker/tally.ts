/** Faults named one by one; beyond that they are only counted. */
const NAMED_MAX = 5

/** Counts faults of every kind and keeps the first few of each kind in words. */
export class Tally<F extends string> {
  readonly counts: Record<F, number>
  readonly named: string[] = []

  constructor(faults: readonly F[]) {
    this.counts = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<F, number>
  }

  add(fault: F, what: string): void {
    this.counts[fault] += 1
    if (this.counts[fault] <= NAMED_MAX) this.named.push(`${fault}: ${what}`)
  }

  /** No fault of any kind. */
  get isSound(): boolean {
    return Object.values(this.counts).every((count) => count === 0)
  }
}
