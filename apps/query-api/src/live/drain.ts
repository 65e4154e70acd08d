/** Somebody who is to go before a planned stop. */
export interface Leaving {
  /** Something still waits to be sent to it, or is being read for it. */
  readonly isBusy: boolean
  leave(): void
}

/** Other instances take a thousand sockets a second, with what they subscribe to. */
const PACE_MS = 1
const STEP_MS = 50

/** How long it takes to send so many away one after the other. Both in ms. */
export function windowFor(count: number, window_ms_max: number): number {
  return Math.min(count * PACE_MS, window_ms_max)
}

/**
 * Sends all away, in an order that says nothing, spread evenly over a window. Who is busy goes when it is not, at the latest
 * after `window_ms_max`, because the stop has a deadline: it comes back with `after` and misses nothing.
 */
export async function drain(all: readonly Leaving[], window_ms_max: number): Promise<void> {
  const begun_ms = performance.now()
  const window_ms = windowFor(all.length, window_ms_max)
  const waiting = shuffled(all)
  const due = new Set<Leaving>()
  while (waiting.length > 0 || due.size > 0) {
    const passed_ms = performance.now() - begun_ms
    const staying = passed_ms >= window_ms ? 0 : Math.floor(all.length * (1 - passed_ms / window_ms))
    while (waiting.length > staying) {
      const next = waiting.pop()
      if (next) due.add(next)
    }
    for (const each of due) {
      if (each.isBusy && passed_ms < window_ms_max) continue
      due.delete(each)
      each.leave()
    }
    if (waiting.length > 0 || due.size > 0) await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value)
}
