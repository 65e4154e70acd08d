import { Tally } from './tally.js'

export interface LogCounts {
  /** Appends that were acknowledged. */
  readonly acked: number
  /** Acknowledged and not there, or there only in part. */
  readonly lost: number
  /** An event id, a command key or a place that is there twice; an append that was acknowledged though its name was taken. */
  readonly duplicated: number
  /** Not where it was acknowledged, against the order of the request, of real time, or of the clock. */
  readonly misordered: number
  /** Holes in positions or revisions. */
  readonly gaps: number
  /** Committed by a term after its successor had begun. */
  readonly stale_commits: number
  /** Refused or never asked for, and there nevertheless; refused for a name that nobody has taken. */
  readonly phantoms: number
  /** There, and with another type, version, data or metadata than was asked for. */
  readonly altered: number
  /** Not handed to a follower, or not once, in its place and as it is in the log. */
  readonly missed: number
}

export type Fault = Exclude<keyof LogCounts, 'acked'>

const FAULTS: readonly Fault[] = [
  'lost',
  'duplicated',
  'misordered',
  'gaps',
  'stale_commits',
  'phantoms',
  'altered',
  'missed',
]

export class Findings extends Tally<Fault> {
  acked = 0

  constructor() {
    super(FAULTS)
  }

  report(): LogReport {
    return { counts: { acked: this.acked, ...this.counts }, isSound: this.isSound, offenders: this.named }
  }
}

export interface LogReport {
  readonly counts: LogCounts
  /** No fault of any kind. */
  readonly isSound: boolean
  /** The first few of each kind, in words. */
  readonly offenders: readonly string[]
}
