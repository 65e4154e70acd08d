import { type RecordedEvent } from '#domain-kit'

/** Events that a slow subscriber may have waiting; then the server is made to wait, which it does for a while. */
const WAITING_MAX = 4_000
const WAITING_LOW = 1_000

/** Events in order; all that stand before `position`, or at it, are here or were taken before. */
export interface Taken {
  readonly events: readonly RecordedEvent[]
  readonly position: bigint
}

/** What one subscription has brought and nobody has taken yet. */
export class Mailbox {
  private waiting: RecordedEvent[] = []
  private wake: (() => void) | undefined
  private isOver = false
  /** The server has looked at everything up to here. */
  private reached: bigint

  /** @param valve holds the server back (true) or lets it go on. */
  constructor(
    after: bigint,
    private readonly valve: (isShut: boolean) => void,
  ) {
    this.reached = after
  }

  /** Everything put in so far is before this position or at it. */
  get position(): bigint {
    return this.reached
  }

  put(event: RecordedEvent): void {
    this.waiting.push(event)
    this.reach(event.position)
    if (this.waiting.length === WAITING_MAX) this.valve(true)
  }

  reach(position: bigint): void {
    if (position > this.reached) this.reached = position
    this.wake?.()
  }

  /** No more will come: what is there can still be taken. */
  end(): void {
    this.isOver = true
    this.wake?.()
  }

  /**
   * The next events, up to a number, when there are any; none when only the position has moved or nothing happens in time.
   * One answer for both, because more may come before the caller looks.
   *
   * @returns undefined when no more will come.
   */
  async take(most: number, wait_ms: number): Promise<Taken | undefined> {
    if (this.waiting.length === 0 && !this.isOver) await this.news(wait_ms)
    if (this.waiting.length === 0) return this.isOver ? undefined : { events: [], position: this.reached }
    const events = this.waiting.splice(0, most)
    if (this.waiting.length < WAITING_LOW) this.valve(false)
    return { events, position: events.at(-1)?.position ?? this.reached }
  }

  /** One turn of the event loop after the first of it: events that came together leave together. */
  private async news(wait_ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait_ms)
      this.wake = () => {
        clearTimeout(timer)
        setImmediate(resolve)
      }
    })
    this.wake = undefined
  }
}
