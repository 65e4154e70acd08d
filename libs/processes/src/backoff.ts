import { setTimeout as sleep } from 'node:timers/promises'

export interface BackoffOptions {
  readonly first_ms: number
  readonly max_ms: number
}

/** Waits twice as long each time, with jitter: half of it is chance. */
export class Backoff {
  private next_ms: number

  constructor(private readonly options: BackoffOptions) {
    this.next_ms = options.first_ms
  }

  /** @returns at once when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.next_ms * (0.5 + Math.random() / 2)
    this.next_ms = Math.min(this.next_ms * 2, this.options.max_ms)
    await sleep(ms, undefined, { signal }).catch(() => undefined)
  }
}
