/** Between two looks at the clock. */
const STEP_MS = 2

/**
 * Calls `send` so many times a second for a while, whether or not what it began is done: load does not wait for answers.
 *
 * @param send gets 0, 1, 2 …
 */
export async function paced(per_s: number, run_ms: number, send: (ordinal: number) => void): Promise<void> {
  const begun_ms = performance.now()
  const count = Math.round((per_s * run_ms) / 1_000)
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - begun_ms) * per_s) / 1_000))
    for (; sent < due; sent += 1) send(sent)
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
}
