import { type RecordedEvent } from '#domain-kit'
import { readInt64 } from './binary.js'
import { type CommittedBatch } from './committed-batch.js'
import { decode, endOfRow, REVISION_AT, STAMP_BYTES, textAt } from './event-bytes.js'

/** What is kept: the younger of so many bytes, and batches. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024
const KEPT_BATCHES_MAX = 256

/** Where the row of an event stands. */
interface Place {
  readonly rows: Buffer
  readonly from: number
  readonly to: number
  readonly revision: number
}

/**
 * The last commits as this process was told of them, by stream: what others appended is known here before anybody asks. Only
 * the names of streams are read when they come; an event is made when it is asked for.
 */
export class RecentRows {
  private readonly batches: { readonly rows: Buffer; readonly counts: ReadonlyMap<string, number> }[] = []
  private readonly places = new Map<string, Place[]>()
  private size_bytes = 0

  put({ rows }: CommittedBatch): void {
    const counts = new Map<string, number>()
    for (let from = 0; from < rows.length;) {
      const to = endOfRow(rows, from)
      const stream = textAt(rows, from + STAMP_BYTES)
      const place = { rows, from, to, revision: readInt64(rows, from + REVISION_AT) }
      const known = this.places.get(stream)
      if (known) known.push(place)
      else this.places.set(stream, [place])
      counts.set(stream, (counts.get(stream) ?? 0) + 1)
      from = to
    }
    this.batches.push({ rows, counts })
    this.size_bytes += rows.length
    while (this.size_bytes > KEPT_BYTES_MAX || this.batches.length > KEPT_BATCHES_MAX) this.forgetOldest()
  }

  /** The events that follow this revision of a stream (-1 for its beginning), without a hole; none when the next one is not here. */
  after(stream: string, revision: number): RecordedEvent[] {
    const places = this.places.get(stream) ?? []
    let first = places.length
    while (first > 0 && (places[first - 1]?.revision ?? -1) > revision) first -= 1
    const events: RecordedEvent[] = []
    for (const { rows, from, to, revision: found } of places.slice(first)) {
      if (found !== revision + 1 + events.length) break
      events.push(...decode(rows.subarray(from, to)).events)
    }
    return events
  }

  private forgetOldest(): void {
    const oldest = this.batches.shift()
    if (!oldest) return
    this.size_bytes -= oldest.rows.length
    for (const [stream, count] of oldest.counts) {
      const places = this.places.get(stream)
      places?.splice(0, count)
      if (places?.length === 0) this.places.delete(stream)
    }
  }
}
