const AGAIN_MS = 60_000

/** Says of the same kind of thing once a minute that it is due, however often it happens. Kinds must be few: each is remembered. */
export class OnceAMinute {
  /** When it was last due, in ms of `performance.now()`. */
  private readonly said_ms = new Map<string, number>()

  isDue(kind: string): boolean {
    const now_ms = performance.now()
    if (now_ms < (this.said_ms.get(kind) ?? -Infinity) + AGAIN_MS) return false
    this.said_ms.set(kind, now_ms)
    return true
  }
}
