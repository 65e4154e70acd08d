/** A replica that says nothing by itself is asked so often; one that does, still so often. */
const IDLE_MS = 250
export const BUSY_MS = 1_000
/** Do queries wait for it: for what has not been heard of as committed, or for what it must have in a moment? */
export type Haste = 'none' | 'some' | 'due'
/** The shortest pause between two questions while somebody waits. */
const HURRY_MS_MIN: Readonly<Record<Exclude<Haste, 'none'>, number>> = { some: 15, due: 2 }
/** The longest pause between two attempts to get an answer out of one that is away. */
const AWAY_MS_MAX = 2_000

/** What is known of a replica when it is asked next. Times are ms of `performance.now()`. */
export interface Asked {
  readonly asked_ms: number
  /** It last said where it is, in an answer to anything. */
  readonly learned_ms: number
  /** Questions in a row without an answer. */
  readonly failures: number
  readonly haste: Haste
  /** Since when it has been so. */
  readonly hurried_ms: number
}

/** How long to wait before a replica is asked where it is, in ms; 0 or less: not at all. The longer somebody waits, the longer the pauses: half as long. */
export function pauseBefore({ asked_ms, learned_ms, failures, haste, hurried_ms }: Asked, now_ms: number): number {
  if (failures > 0) return asked_ms + Math.min(AWAY_MS_MAX, 50 * 2 ** Math.min(failures, 10)) - now_ms
  const idle_ms = Math.min(Math.max(asked_ms, learned_ms) + IDLE_MS, asked_ms + BUSY_MS)
  if (haste === 'none') return idle_ms - now_ms
  const hurry_ms = asked_ms + Math.max(HURRY_MS_MIN[haste], (now_ms - hurried_ms) / 2)
  return Math.min(idle_ms, hurry_ms) - now_ms
}
