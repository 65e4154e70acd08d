const PAUSE_MS_MIN = 250
const PAUSE_MS_MAX = 1_000

/**
 * Skips what has just failed: for 250 ms, doubling up to 1 s with each failure in a row. After that pause one try is let through,
 * and only its success lets all through again.
 */
export class Breaker {
  private failures = 0
  private until_ms = 0

  constructor(private readonly now_ms: () => number = () => performance.now()) {}

  get isOpen(): boolean {
    return this.failures > 0
  }

  /** May this be tried? A yes while open is the one try of this pause: the next pause begins with it. */
  allows(): boolean {
    if (this.failures === 0) return true
    if (this.now_ms() < this.until_ms) return false
    this.until_ms = this.now_ms() + this.pause_ms
    return true
  }

  succeeded(): void {
    this.failures = 0
  }

  /** @returns whether that opened it. Failures of tries that began before it opened do not count again. */
  failed(isProbe: boolean): boolean {
    if (this.failures > 0 && !isProbe) return false
    this.failures += 1
    this.until_ms = this.now_ms() + this.pause_ms
    return this.failures === 1
  }

  private get pause_ms(): number {
    return Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(10, Math.max(0, this.failures - 1)))
  }
}
