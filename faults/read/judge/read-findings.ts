export interface ReadCounts {
  /** Answers, and live states, that are older than their token, or than the position they bear, or do not fit it. */
  readonly stale_answers: number
  /** Live changes that never came. */
  readonly missed: number
  /** Live changes that came again. */
  readonly doubled: number
  /** Live changes that came after later ones. */
  readonly out_of_order: number
  /** Rows of the read models, on the primary or a replica, that are not what the log folds to; too many and too few count. */
  readonly unequal_rows: number
}

export type ReadFault = keyof ReadCounts

/** Faults named one by one; beyond that they are only counted. */
const NAMED_MAX = 5

/** Counts every fault of the read side and keeps the first few of each kind in words. */
export class ReadFindings {
  readonly counts: Record<ReadFault, number> = {
    stale_answers: 0,
    missed: 0,
    doubled: 0,
    out_of_order: 0,
    unequal_rows: 0,
  }
  readonly named: string[] = []

  add(fault: ReadFault, what: string): void {
    this.counts[fault] += 1
    if (this.counts[fault] <= NAMED_MAX) this.named.push(`${fault}: ${what}`)
  }
}
