/** Steps of the history, and how many are kept: a little more than a minute. */
const STEP_MS = 250
const STEPS_MAX = 256

/** When the freshest replica was first seen beyond a position. What has aged out counts as if it had happened then. */
export class FreshestHistory {
  /** The highest position that any replica was seen at. */
  position = 0n
  private readonly steps: { readonly from_ms: number; position: bigint }[] = []

  add(position: bigint, now_ms: number): void {
    if (position <= this.position) return
    this.position = position
    const last = this.steps.at(-1)
    if (last && now_ms - last.from_ms < STEP_MS) last.position = position
    else this.steps.push({ from_ms: now_ms, position })
    if (this.steps.length > STEPS_MAX) this.steps.shift()
  }

  /** For how long, in ms, a position has not been the freshest; 0 while it is. */
  staleFor_ms(position: bigint, now_ms: number): number {
    if (position >= this.position) return 0
    const beyond = this.steps.find((step) => step.position > position)
    return beyond ? Math.max(0, now_ms - beyond.from_ms) : 0
  }
}

export interface LagBounds {
  /** Positions behind the freshest replica that are nothing unusual. */
  readonly positions_max: number
  /** How long more than that may last, in ms; ten times as long for being behind at all, as a paused replica is in quiet times. */
  readonly ms_max: number
}

export function isLagging(history: FreshestHistory, position: bigint, now_ms: number, bounds: LagBounds): boolean {
  const { positions_max, ms_max } = bounds
  const isFar = history.position - position > BigInt(positions_max)
  return history.staleFor_ms(position, now_ms) > (isFar ? ms_max : 10 * ms_max)
}
