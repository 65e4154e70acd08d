import { type EventBatch } from '../port.js'
import { type Tidings } from './follow.js'

/** Batches a slow subscriber may have waiting; beyond that they are dropped and it reads the log again. */
const WAITING_MAX = 64

/** Hands committed batches to any number of followers; a slow one costs a bound of memory and nobody's time. */
export class LiveFeed {
  private readonly mailboxes = new Set<Mailbox>()

  publish(batch: EventBatch): void {
    for (const each of this.mailboxes) each.put(batch)
  }

  open(): Tidings {
    const mailbox = new Mailbox(() => this.mailboxes.delete(mailbox))
    this.mailboxes.add(mailbox)
    return mailbox
  }
}

/** Also used by whoever receives tidings over a link. */
export class Mailbox implements Tidings {
  private readonly waiting: EventBatch[] = []
  private wake: (() => void) | undefined

  constructor(private readonly onClose: () => void = () => undefined) {}

  put(batch: EventBatch): void {
    if (this.waiting.length >= WAITING_MAX) this.waiting.length = 0
    this.waiting.push(batch)
    this.wake?.()
  }

  async next(wait_ms: number): Promise<EventBatch | undefined> {
    if (this.waiting.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.wake = undefined
    return this.waiting.shift()
  }

  close(): void {
    this.wake?.()
    this.onClose()
  }
}
