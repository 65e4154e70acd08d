import { LinkError } from '../errors.js'

/** The credit of one subscriber: how many items may be sent before it asks for more. */
export class StreamWindow {
  private waiting: (() => void) | undefined

  constructor(
    private credit: number,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.waiting?.(), { once: true })
  }

  add(more: number, max: number): void {
    this.credit = Math.min(this.credit + more, max)
    this.waiting?.()
  }

  /** @throws LinkError `closed` once the stream was aborted. */
  async take(): Promise<void> {
    while (this.credit === 0 && !this.signal.aborted)
      await new Promise<void>((resolve) => {
        this.waiting = resolve
      })
    if (this.signal.aborted) throw new LinkError('closed', 'the subscriber is gone', true)
    this.credit -= 1
  }
}
