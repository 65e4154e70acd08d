import { Tally } from '#testing'

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
  /** Of processes that no fault was meant for. */
  readonly unexpected_exits: number
}

export type ReadFault = keyof ReadCounts

const FAULTS: readonly ReadFault[] = [
  'stale_answers',
  'missed',
  'doubled',
  'out_of_order',
  'unequal_rows',
  'unexpected_exits',
]

/** Every fault of the read side. */
export class ReadFindings extends Tally<ReadFault> {
  constructor() {
    super(FAULTS)
  }
}
