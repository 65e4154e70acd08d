import { type RecordedEvent } from '#domain-kit'
import { type EventBatch } from '../port.js'
import { type Wanted } from '../wanted.js'
import { CommittedBatch } from './committed-batch.js'
import { type Tidings } from './follow.js'

/** What a slow subscriber may have waiting; beyond either it is dropped, and the subscriber reads the log again. */
const WAITING_EVENTS_MAX = 20_000
const WAITING_BYTES_MAX = 16 * 1024 * 1024

/** A batch, with its rows as bytes where it is known by them. */
type Announced = EventBatch & { readonly rows?: Buffer }

/** Hands committed batches to any number of followers; a slow one costs a bound of memory and nobody's time. */
export class LiveFeed {
  private readonly mailboxes = new Set<Mailbox>()

  /** Nobody has opened it, or all have left. */
  get isUnread(): boolean {
    return this.mailboxes.size === 0
  }

  publish(batch: Announced): void {
    for (const each of this.mailboxes) each.put(batch)
  }

  /** @param wanted of what is published: the rest is passed over. */
  open(wanted?: Wanted): Tidings {
    const mailbox = new Mailbox(() => this.mailboxes.delete(mailbox), wanted)
    this.mailboxes.add(mailbox)
    return mailbox
  }
}

/** Also used by whoever receives tidings over a link. */
export class Mailbox implements Tidings {
  private waiting: Announced[] = []
  private count = 0
  private bytes = 0
  private wake: (() => void) | undefined

  constructor(
    private readonly onClose: () => void = () => undefined,
    private readonly wanted?: Wanted,
  ) {}

  put(batch: Announced): void {
    if (this.count >= WAITING_EVENTS_MAX || this.bytes >= WAITING_BYTES_MAX) this.take(this.waiting.length)
    this.waiting.push(batch)
    this.count += sizeOf(batch)
    this.bytes += batch.rows?.length ?? 0
    this.wake?.()
  }

  async next(wait_ms: number, events_max: number): Promise<EventBatch | undefined> {
    if (this.waiting.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.wake = undefined
    return joined(this.take(this.together(events_max)), this.wanted)
  }

  close(): void {
    this.wake?.()
    this.onClose()
  }

  /** How many of those that wait follow on each other and are no more than so many events; one at least. */
  private together(events_max: number): number {
    let [count, events] = [0, 0]
    for (const [at, batch] of this.waiting.entries()) {
      events += sizeOf(batch)
      const before = this.waiting[at - 1]
      if (before && (events > events_max || before.position !== batch.after)) break
      count += 1
    }
    return count
  }

  private take(count: number): readonly EventBatch[] {
    const taken = this.waiting.slice(0, count)
    this.waiting = this.waiting.slice(count)
    for (const each of taken) {
      this.count -= sizeOf(each)
      this.bytes -= each.rows?.length ?? 0
    }
    return taken
  }
}

/** Positions are dense: no need to unpack the events to know how many there are. */
const sizeOf = ({ after, position }: EventBatch): number => Number(position - after)

function joined(batches: readonly EventBatch[], wanted: Wanted | undefined): EventBatch | undefined {
  const [first] = batches
  const last = batches.at(-1)
  if (!first || !last || (first === last && !wanted)) return first
  const events = batches.flatMap((batch) => (wanted ? wantedOf(batch, wanted) : batch.events))
  return { after: first.after, position: last.position, events }
}

function wantedOf(batch: EventBatch, wanted: Wanted): readonly RecordedEvent[] {
  if (batch instanceof CommittedBatch) return batch.only(wanted)
  return batch.events.filter(wanted)
}
