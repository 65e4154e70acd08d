/** Of calls of one kind, in ms; see `insist`. */
export interface Attempts {
  /** Of one attempt, or between two things that come of it. */
  readonly attempt_ms: number
  /** No attempt begins later. */
  readonly total_ms: number
}

/** How long the server is waited for. */
export interface StorePatience {
  readonly append: Attempts
  /** Of a page: the next event comes within `attempt_ms`, or the page is read on another connection. */
  readonly read: Attempts
  /** A subscription that brings nothing for so many ms is asked whether its server is there. */
  readonly silence_ms: number
}

/**
 * An append and the read that follows upon its failure end together when the 10 s of a command are over, and not long after: whoever sent it
 * hears then that nobody knows.
 */
export const PATIENCE: StorePatience = {
  append: { attempt_ms: 2_500, total_ms: 5_000 },
  read: { attempt_ms: 4_000, total_ms: 5_500 },
  silence_ms: 2_500,
}
