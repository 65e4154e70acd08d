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

/** Of each batch, bulk appends get at least this share of the events, so that people do not starve them. */
const BULK_SHARE = 0.25

/**
 * First come, first served, except that what people wait for goes before what programs send in bulk. Appends to one stream
 * keep their order: an interactive one goes behind bulk ones to the same stream.
 */
export class AppendQueue {
  private interactive: Waiting[] = []
  private bulk: Waiting[] = []
  private readonly bulkStreams = new Map<string, number>()

  get length(): number {
    return this.interactive.length + this.bulk.length
  }

  /** Bulk appends, and interactive ones that must stay behind them. */
  get bulkLength(): number {
    return this.bulk.length
  }

  push(waiting: Waiting): void {
    const { isBulk, writes } = waiting.append
    if (!isBulk && (this.bulkStreams.size === 0 || !writes.some(({ stream }) => this.bulkStreams.has(stream))))
      return void this.interactive.push(waiting)
    this.bulk.push(waiting)
    for (const { stream } of writes) this.bulkStreams.set(stream, (this.bulkStreams.get(stream) ?? 0) + 1)
  }

  /** The next batch: at least one append, beyond that at most so many events and bytes. */
  take(events_max: number, bytes_max: number): Waiting[] {
    const reserved = this.bulk.length > 0 ? BULK_SHARE : 0
    const first = fitting(this.interactive, events_max * (1 - reserved), bytes_max * (1 - reserved))
    this.interactive = this.interactive.slice(first.length)
    if (this.bulk.length === 0) return first
    const { events, size_bytes } = sizeOf(first)
    const fit = fitting(this.bulk, events_max - events, bytes_max - size_bytes, first.length > 0)
    const then = this.behind(fit)
    this.bulk = this.bulk.slice(then.length)
    for (const { append } of then) for (const { stream } of append.writes) this.forget(stream)
    return [...first, ...then]
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

/** What a batch of these must have room for. */
export function sizeOf(waiting: readonly Waiting[]): { events: number; size_bytes: number; names: number } {
  let events = 0
  let size_bytes = 0
  let names = 0
  for (const { append } of waiting) {
    events += append.events
    size_bytes += append.size_bytes
    names += 1 + append.claims + append.writes.length
  }
  return { events, size_bytes, names }
}

function fitting(queue: readonly Waiting[], events_max: number, bytes_max: number, mayBeNone = false): Waiting[] {
  let events = 0
  let bytes = 0
  let count = 0
  for (const { append } of queue) {
    events += append.events
    bytes += append.size_bytes
    if ((count > 0 || mayBeNone) && (events > events_max || bytes > bytes_max)) break
    count += 1
  }
  return queue.slice(0, count)
}
