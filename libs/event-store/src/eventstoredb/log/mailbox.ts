import { type RecordedEvent } from '#domain-kit'
import { weightOf } from '../../weight.js'

/** Events that a slow subscriber may have waiting; then the server is made to wait, which it does for a while. */
const WAITING_MAX = 4_000
const WAITING_LOW = 1_000
/** And bytes of them, as `weightOf` counts them. */
const BYTES_MAX = 16 * 1024 * 1024
const BYTES_LOW = 4 * 1024 * 1024

/** Events in order; all that stand before `position`, or at it, are here or were taken before. */
export interface Taken {
  readonly events: readonly RecordedEvent[]
  readonly position: bigint
}

/** What one subscription has brought and nobody has taken yet. */
export class Mailbox {
  private waiting: RecordedEvent[] = []
  /** Of each that waits, and of all. */
  private sizes: number[] = []
  private bytes = 0
  private isShut = false
  private wake: (() => void) | undefined
  private isOver = false
  /** The server has looked at everything up to here. */
  private reached: bigint
  /** Whoever takes knows of everything up to here. */
  private told: bigint

  /** @param valve holds the server back (true) or lets it go on. */
  constructor(
    after: bigint,
    private readonly valve: (isShut: boolean) => void,
  ) {
    this.reached = after
    this.told = after
  }

  /** Everything put in so far is before this position or at it. */
  get position(): bigint {
    return this.reached
  }

  put(event: RecordedEvent): void {
    const size = weightOf(event.data, event.metadata)
    this.waiting.push(event)
    this.sizes.push(size)
    this.bytes += size
    this.reach(event.position)
    if (this.isShut || (this.waiting.length < WAITING_MAX && this.bytes < BYTES_MAX)) return
    this.isShut = true
    this.valve(true)
  }

  /** Wakes nobody for a position that was reached before, as it is with each event of others. */
  reach(position: bigint): void {
    if (position <= this.reached) return
    this.reached = position
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
    if (this.waiting.length === 0 && !this.isOver && this.told === this.reached) await this.news(wait_ms)
    if (this.waiting.length === 0 && this.isOver) return undefined
    const events = this.waiting.splice(0, most)
    for (const size of this.sizes.splice(0, most)) this.bytes -= size
    if (this.isShut && this.waiting.length < WAITING_LOW && this.bytes < BYTES_LOW) {
      this.isShut = false
      this.valve(false)
    }
    this.told = events.at(-1)?.position ?? this.reached
    return { events, position: this.told }
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
