import { type Job } from './job.js'

/** Appends of one turn. */
export const TURN_MAX = 512
/** Others are reckoned with for so long after they were noticed. */
const RIVALS_MS = 250
const PAUSE_MS_MAX = 50
/** Doublings of a back-off. */
const DOUBLINGS_MAX = 6

/**
 * How instances that append to one stream share it: each sends what waits, and then nothing for as long as that took. One
 * whose appends never pause would win for ever, and the others' commands be refused as contended.
 */
export class Turns {
  /** Other instances append to the stream as well, as far as is known until then; ms on the process's monotonic clock. */
  private rivals_until_ms = -Infinity

  /** Another instance appended, or was refused, a moment ago. */
  noticed(): void {
    this.rivals_until_ms = performance.now() + RIVALS_MS
  }

  get areTaken(): boolean {
    return performance.now() < this.rivals_until_ms
  }

  /** The others' turn, after one of ours that took so long. */
  async pause(turn_ms: number): Promise<void> {
    const pause_ms = Math.min(turn_ms * (0.5 + Math.random()), PAUSE_MS_MAX)
    await new Promise((resolve) => setTimeout(resolve, pause_ms))
  }
}

/** Before these are tried again, at random up to so long. Longer while the store does not answer: a takeover takes seconds. */
export async function backOff(again: readonly Job[]): Promise<void> {
  const worst = Math.max(0, ...again.map(({ attempts }) => attempts))
  const isSilent = again.some(({ failure }) => failure?.kind === 'unavailable')
  const isShort = worst <= (isSilent ? 1 : 3)
  if (isShort) return
  const most_ms = (isSilent ? 10 : 1) * 2 ** Math.min(worst, DOUBLINGS_MAX)
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most_ms))
}
