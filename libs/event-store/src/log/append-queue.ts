import { type Verdict } from './batch.js'
import { type PlannedAppend } from './planned.js'

/** Whoever waits for appends that came together: told of each by its number among them. */
export interface Waiter {
  settle(index: number, verdict: Verdict, append: PlannedAppend): void
  fail(index: number, error: Error): void
}

/** An append with whoever waits for it. */
export interface Waiting {
  readonly append: PlannedAppend
  readonly waiter: Waiter
  readonly index: number
  /** When it came, ms on the process's monotonic clock. */
  readonly since_ms: number
}

/** What may wait. Bulk appends may take half of each: people find a place all the same. */
export interface QueueBounds {
  readonly appends: number
  readonly size_bytes: number
}

export const QUEUE_BOUNDS: QueueBounds = { appends: 16_384, size_bytes: 256 * 1024 * 1024 }

/** Of each batch, bulk appends get at least this share of the events and bytes, so that people do not starve them. */
const BULK_SHARE = 0.25
/** One that is larger than the share goes at the latest when so many batches have left without it: a fraction of a second. */
const PASSED_OVER_MAX = 8

/**
 * First come, first served, except that what people wait for goes before what programs send in bulk. Appends to one stream
 * keep their order: an interactive one goes behind bulk ones to the same stream.
 */
export class AppendQueue {
  private interactive: Waiting[] = []
  private bulk: Waiting[] = []
  private readonly bulkStreams = new Map<string, number>()
  private bytes = 0
  private bulkBytes = 0
  /** Batches that have left since a bulk append did, while one was waiting. */
  private passedOver = 0

  constructor(private readonly bounds: QueueBounds = QUEUE_BOUNDS) {}

  get length(): number {
    return this.interactive.length + this.bulk.length
  }

  /** Whether one more may wait. In an empty queue there is room for any. */
  hasRoomFor({ isBulk, packed_bytes }: PlannedAppend): boolean {
    const { appends, size_bytes } = this.bounds
    if (this.length === 0) return true
    if (this.length >= appends || this.bytes + packed_bytes > size_bytes) return false
    // Counted with them: interactive ones that must stay behind bulk ones.
    return !isBulk || (this.bulk.length * 2 < appends && (this.bulkBytes + packed_bytes) * 2 <= size_bytes)
  }

  push(waiting: Waiting): void {
    const { isBulk, writes, packed_bytes } = waiting.append
    this.bytes += packed_bytes
    if (!isBulk && (this.bulkStreams.size === 0 || !writes.some(({ stream }) => this.bulkStreams.has(stream))))
      return void this.interactive.push(waiting)
    this.bulk.push(waiting)
    this.bulkBytes += packed_bytes
    for (const { stream } of writes) this.bulkStreams.set(stream, (this.bulkStreams.get(stream) ?? 0) + 1)
  }

  /** The next batch: at least one append, beyond that at most so many events, bytes and names. */
  take(events: number, size_bytes: number, names = Infinity): Waiting[] {
    const most = { events, size_bytes, names }
    const first = this.takeInteractive(most)
    if (this.bulk.length === 0) return first
    const fit = fitting(this.bulk, without(most, sizeOf(first)), first.length > 0)
    const then = this.behind(fit)
    this.bulk = this.bulk.slice(then.length)
    this.passedOver = then.length === 0 ? this.passedOver + 1 : 0
    for (const { append } of then) {
      this.bytes -= append.packed_bytes
      this.bulkBytes -= append.packed_bytes
      for (const { stream } of append.writes) this.forget(stream)
    }
    return [...first, ...then]
  }

  /** Leaves room for bulk appends: their share, and for one that was passed over too often all that it takes. */
  private takeInteractive(most: BatchSize): Waiting[] {
    const share = 1 - (this.bulk.length > 0 ? BULK_SHARE : 0)
    const due = this.passedOver >= PASSED_OVER_MAX ? this.behind(this.bulk.slice(0, 1)) : []
    const left = without(most, sizeOf(due))
    const room = {
      events: Math.min(most.events * share, left.events),
      size_bytes: Math.min(most.size_bytes * share, left.size_bytes),
      names: Math.min(most.names * share, left.names),
    }
    const first = fitting(this.interactive, room, due.length > 0)
    this.interactive = this.interactive.slice(first.length)
    for (const { append } of first) this.bytes -= append.packed_bytes
    return first
  }

  /** Empties it. */
  drain(): Waiting[] {
    return this.take(Infinity, Infinity)
  }

  /** Up to the first whose stream has interactive appends that must go before it. */
  private behind(bulk: Waiting[]): Waiting[] {
    if (this.interactive.length === 0 || bulk.length === 0) return bulk
    const ahead = new Set(this.interactive.flatMap(({ append }) => append.writes.map(({ stream }) => stream)))
    const first = bulk.findIndex(({ append }) => append.writes.some(({ stream }) => ahead.has(stream)))
    return first < 0 ? bulk : bulk.slice(0, first)
  }

  private forget(stream: string): void {
    const left = (this.bulkStreams.get(stream) ?? 1) - 1
    if (left > 0) this.bulkStreams.set(stream, left)
    else this.bulkStreams.delete(stream)
  }
}

/** What a batch has, or has room for. */
export interface BatchSize {
  readonly events: number
  readonly size_bytes: number
  /** Keys, claims and streams, all that must be known of before it is decided. */
  readonly names: number
}

/** What a batch of these must have room for. */
export function sizeOf(waiting: readonly Waiting[]): BatchSize {
  let events = 0
  let size_bytes = 0
  let names = 0
  for (const { append } of waiting) {
    events += append.events
    size_bytes += append.size_bytes
    names += namesIn(append)
  }
  return { events, size_bytes, names }
}

/** When the one that waited longest came, ms on the process's monotonic clock; `otherwise` when there is none. */
export function earliestOf(waiting: readonly Waiting[], otherwise: number): number {
  let earliest_ms = otherwise
  for (const { since_ms } of waiting) if (since_ms < earliest_ms) earliest_ms = since_ms
  return earliest_ms
}

export function namesIn({ claims, checks, writes }: PlannedAppend): number {
  return 1 + claims + checks.length + writes.length
}

const without = (most: BatchSize, taken: BatchSize): BatchSize => ({
  events: most.events - taken.events,
  size_bytes: most.size_bytes - taken.size_bytes,
  names: most.names - taken.names,
})

function fitting(queue: readonly Waiting[], most: BatchSize, mayBeNone: boolean): Waiting[] {
  let events = 0
  let bytes = 0
  let names = 0
  let count = 0
  for (const { append } of queue) {
    events += append.events
    bytes += append.size_bytes
    names += namesIn(append)
    if ((count > 0 || mayBeNone) && (events > most.events || bytes > most.size_bytes || names > most.names)) break
    count += 1
  }
  return queue.slice(0, count)
}
