/** What a fault test found, however it was made: enough to print it and to end with. */
export interface Outcome {
  /** What must be 0 in a sound run, and `acked`. */
  readonly counts: Readonly<Record<string, number>>
  readonly isSound: boolean
  /** The first few faults of each kind, in words. */
  readonly offenders: readonly string[]
  /** For each fault that was injected what was measured from it on. */
  readonly times: readonly Timed[]
  readonly measured: Measured
  /** More for the last line. */
  readonly more: Readonly<Record<string, number>>
}

export interface Timed {
  readonly kind: string
  readonly ms: number
}

/** What the times are. */
export interface Measured {
  readonly words: string
  /** Begins their keys in the last line: `first_ack_ms`. */
  readonly key: string
}

export interface RunOptions {
  readonly seed: number
  readonly cycles: number
  /** After each round. */
  readonly onCycle?: (done: number) => void
  /** Ends the test after the round that is running; what was done until then is judged. */
  readonly signal?: AbortSignal
}

/** A fault test as the command line knows it. */
export interface FaultTest {
  readonly name: string
  /** Rounds when nobody says how many. */
  readonly cycles: number
  /** @throws Error when the system does not come back in time. */
  run(options: RunOptions): Promise<Outcome>
}
