import { type Candidate, sizeOf } from './candidate.js'

/** An append with whoever waits for it. */
export interface Waiting<T> {
  readonly candidate: Candidate
  readonly events: number
  readonly bytes: number
  /** When it came, ms on the process's monotonic clock. */
  readonly since_ms: number
  resolve(result: T): void
  reject(error: Error): void
}

/** Of each batch, bulk appends get at least this share of the events, so that people do not starve them. */
const BULK_SHARE = 0.25

/**
 * First come, first served, except that what people wait for goes before what programs send in bulk. Appends to one stream
 * keep their order: an interactive one goes behind bulk ones to the same stream.
 */
export class AppendQueue<T> {
  private interactive: Waiting<T>[] = []
  private bulk: Waiting<T>[] = []
  private readonly bulkStreams = new Map<string, number>()

  get length(): number {
    return this.interactive.length + this.bulk.length
  }

  push(candidate: Candidate, since_ms: number, resolve: (result: T) => void, reject: (error: Error) => void): void {
    const waiting = { candidate, ...sizeOf(candidate), since_ms, resolve, reject }
    const { stream, isBulk } = candidate
    if (!isBulk && !this.bulkStreams.has(stream)) return void this.interactive.push(waiting)
    this.bulk.push(waiting)
    this.bulkStreams.set(stream, (this.bulkStreams.get(stream) ?? 0) + 1)
  }

  /** The next batch: at least one append, beyond that at most so many events and bytes. */
  take(events_max: number, bytes_max: number): Waiting<T>[] {
    const reserved = this.bulk.length > 0 ? BULK_SHARE : 0
    const first = fitting(this.interactive, events_max * (1 - reserved), bytes_max * (1 - reserved))
    const events = first.reduce((sum, each) => sum + each.events, 0)
    const bytes = first.reduce((sum, each) => sum + each.bytes, 0)
    const then = fitting(this.bulk, events_max - events, bytes_max - bytes, first.length > 0)
    this.interactive = this.interactive.slice(first.length)
    this.bulk = this.bulk.slice(then.length)
    for (const { candidate } of then) {
      const left = (this.bulkStreams.get(candidate.stream) ?? 1) - 1
      if (left > 0) this.bulkStreams.set(candidate.stream, left)
      else this.bulkStreams.delete(candidate.stream)
    }
    return [...first, ...then]
  }

  /** Empties it. */
  drain(): Waiting<T>[] {
    return this.take(Infinity, Infinity)
  }
}

function fitting<T>(
  queue: readonly Waiting<T>[],
  events_max: number,
  bytes_max: number,
  mayBeNone = false,
): Waiting<T>[] {
  let events = 0
  let bytes = 0
  let count = 0
  for (const each of queue) {
    events += each.events
    bytes += each.bytes
    if ((count > 0 || mayBeNone) && (events > events_max || bytes > bytes_max)) break
    count += 1
  }
  return queue.slice(0, count)
}
