export interface LogCounts {
  /** Appends that were acknowledged. */
  readonly acked: number
  /** Acknowledged and not there, or there only in part. */
  readonly lost: number
  /** An event id, a command key or a place that is there twice. */
  readonly duplicated: number
  /** Not where it was acknowledged, against the order of the request, of real time, or of the clock. */
  readonly misordered: number
  /** Holes in positions or revisions. */
  readonly gaps: number
  /** Committed by a term after its successor had begun. */
  readonly stale_commits: number
  /** Refused or never asked for, and there nevertheless. */
  readonly phantoms: number
}

export type Fault = Exclude<keyof LogCounts, 'acked'>

/** Faults named one by one; beyond that they are only counted. */
const NAMED_MAX = 5

/** Counts every fault and keeps the first few of each kind in words. */
export class Findings {
  acked = 0
  private readonly counts: Record<Fault, number> = {
    lost: 0,
    duplicated: 0,
    misordered: 0,
    gaps: 0,
    stale_commits: 0,
    phantoms: 0,
  }
  readonly named: string[] = []

  add(fault: Fault, what: string): void {
    this.counts[fault] += 1
    if (this.counts[fault] <= NAMED_MAX) this.named.push(`${fault}: ${what}`)
  }

  report(): LogReport {
    const faults = Object.values(this.counts).reduce((sum, count) => sum + count, 0)
    return { counts: { acked: this.acked, ...this.counts }, isSound: faults === 0, offenders: this.named }
  }
}

export interface LogReport {
  readonly counts: LogCounts
  /** No fault of any kind. */
  readonly isSound: boolean
  /** The first few of each kind, in words. */
  readonly offenders: readonly string[]
}
