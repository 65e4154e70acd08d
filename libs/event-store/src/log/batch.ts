import { copy16, writeInt64 } from './binary.js'
import { CommittedBatch } from './committed-batch.js'
import { COPY_HEADER, COPY_TRAILER, endOfTail, idOfTail, STAMP_BYTES, writeStamp } from './event-bytes.js'
import { holds, isOvertaken, type StreamHead } from './heads.js'
import { HASH_BYTES, streamHash } from './name-hash.js'
import { ENTRY_BYTES } from './name-table.js'
import { type PlannedAppend, type PlannedCheck, type PlannedWrite } from './planned.js'

/** What is planned upon, and what a batch changes in it: there is no way back but to forget the whole world. */
export interface World {
  /** Where the stream ends, to be moved on. */
  head(stream: string): StreamHead
  /** Position of the append that took the name whose hash stands there, committed or about to be; 0 when nobody did. */
  taken(bytes: Buffer, at: number): number
  take(bytes: Buffer, at: number, position: number): void
}

/** What becomes of an append once the batch is committed; until then, of none of it is anything certain. */
export type Verdict =
  /** Where the last event of its first write stands. */
  | { readonly kind: 'accepted'; readonly revision: number; readonly position: number; readonly isContended: boolean }
  /** Its key (claim -1), or the claim of this number, is taken: by the append whose last event has this position. */
  | { readonly kind: 'taken'; readonly position: number; readonly claim: number }
  /** An expectation fails; `revision` is the stream's. */
  | { readonly kind: 'conflict'; readonly stream: string; readonly revision: number }

/** For so long after a conflict with others whoever appends to the stream is told that there are others. */
const CONTENDED_MS = 200

/** One transaction in the making: appends in the order of the log, as bytes that go to the database and to subscribers. */
export class Batch {
  private readonly out: Buffer
  private at: number
  private readonly names: Buffer
  private namesAt = 0
  private position: number
  readonly time_ms: number
  /** On the process's monotonic clock. */
  private readonly begun_ms = performance.now()

  /** @param bound so many events, bytes of tails and names at most. */
  constructor(
    readonly after: number,
    after_ms: number,
    bound: { readonly events: number; readonly size_bytes: number; readonly names: number },
    private readonly world: World,
  ) {
    this.position = after
    this.time_ms = Math.max(after_ms, Date.now())
    const rows_bytes = bound.events * STAMP_BYTES + bound.size_bytes
    this.out = Buffer.allocUnsafeSlow(COPY_HEADER.length + rows_bytes + COPY_TRAILER.length)
    this.out.set(COPY_HEADER)
    this.at = COPY_HEADER.length
    this.names = Buffer.allocUnsafeSlow(bound.names * ENTRY_BYTES)
  }

  /** Position of the last event accepted. */
  get head(): number {
    return this.position
  }

  get isEmpty(): boolean {
    return this.position === this.after
  }

  accept(append: PlannedAppend): Verdict {
    const { bytes, keyAt, claimsAt, claims, writes } = append
    const position = this.world.taken(bytes, keyAt)
    if (position > 0) return { kind: 'taken', position, claim: -1 }
    for (let claim = 0; claim < claims; claim += 1) {
      const claimed = this.world.taken(bytes, claimsAt + claim * HASH_BYTES)
      if (claimed > 0) return { kind: 'taken', position: claimed, claim }
    }
    const failed = this.failed(append)
    if (failed) return this.refuse(failed)
    const [first] = writes
    if (!first) throw new RangeError('an append writes to at least one stream')
    const { revision, refused_ms } = this.write(bytes, first)
    const isContended = this.begun_ms - refused_ms < CONTENDED_MS
    const place = { kind: 'accepted', revision, position: this.position, isContended } as const
    this.take(bytes, keyAt, place.position)
    for (let claim = 0; claim < claims; claim += 1) this.take(bytes, claimsAt + claim * HASH_BYTES, place.position)
    for (let index = 1; index < writes.length; index += 1) this.write(bytes, writes[index] ?? first)
    return place
  }

  private refuse({ stream, expected }: PlannedCheck): Verdict {
    const head = this.world.head(stream)
    if (isOvertaken(head.revision, expected)) head.refused_ms = this.begun_ms
    return { kind: 'conflict', stream, revision: head.revision }
  }

  private take(bytes: Buffer, at: number, position: number): void {
    this.world.take(bytes, at, position)
    this.namesAt = writeInt64(this.names, position, copy16(this.names, bytes, at, this.namesAt))
  }

  /** The first expectation that does not hold. */
  private failed({ writes, checks }: PlannedAppend): PlannedCheck | undefined {
    for (const write of writes) if (!holds(this.world.head(write.stream), write.expected, write.tip)) return write
    for (const check of checks) if (!holds(this.world.head(check.stream), check.expected, undefined)) return check
    return undefined
  }

  /** @returns where the stream ends then. */
  private write(bytes: Buffer, { stream, events, from, to }: PlannedWrite): StreamHead {
    const head = this.world.head(stream)
    if (events > 0 && head.revision === -1) this.take(streamHash(stream), 0, this.position + 1)
    let begin = from
    for (let count = 0; count < events; count += 1) {
      const end = events === 1 ? to : endOfTail(bytes, begin, to)
      head.revision += 1
      this.position += 1
      this.at = writeStamp(this.out, this.at, this.position, head.revision, this.time_ms)
      this.at += bytes.copy(this.out, this.at, begin, end)
      if (count === events - 1) head.lastId = idOfTail(bytes, begin)
      begin = end
    }
    return head
  }

  /** What the database is sent: the names as they are stored, and the rows with what stands around them. */
  sealed(): { readonly names: Buffer; readonly copy: Buffer; readonly committed: CommittedBatch } {
    const rows = this.out.subarray(COPY_HEADER.length, this.at)
    const end = this.at + COPY_TRAILER.copy(this.out, this.at)
    // Whoever follows may keep the rows for long, and would with them keep the room that refused appends had.
    const kept = this.at * 2 < this.out.length ? Buffer.from(rows) : rows
    const committed = new CommittedBatch(BigInt(this.after), BigInt(this.position), kept)
    return { names: this.names.subarray(0, this.namesAt), copy: this.out.subarray(0, end), committed }
  }
}
