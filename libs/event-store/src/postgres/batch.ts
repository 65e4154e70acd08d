import { type AppendPlace } from '../port.js'
import { type Candidate, type PlannedClaim } from './candidate.js'
import { holds, type StreamHead } from './heads.js'
import { streamHash } from './names/name-hash.js'
import { ENTRY_BYTES, writePosition } from './names/name-table.js'
import { CommittedBatch, rowOf, withCommand } from './rows.js'

/** What the batch asks about the world before it. */
export interface World {
  head(stream: string): StreamHead
  /** Position of the append that took the name, committed or about to be; 0 when nobody did. */
  taken(hash: Buffer): number
}

/** What becomes of an append once the batch is committed; until then, of none of it is anything certain. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly place: AppendPlace }
  /** The key (no claim given), or a claim, is taken: by the append whose last event has this position. */
  | { readonly kind: 'taken'; readonly position: number; readonly claim: PlannedClaim | undefined }
  /** An expectation fails; `revision` is the stream's. */
  | { readonly kind: 'conflict'; readonly stream: string; readonly revision: number }

/** One transaction in the making: what was accepted so far, on top of what is committed. */
export class Batch {
  readonly heads = new Map<string, StreamHead>()
  private readonly mine = new Map<string, number>()
  private readonly rows: string[] = []
  private readonly hashes: Buffer[] = []
  private readonly positions: number[] = []
  private readonly time: string
  private position: number

  constructor(
    readonly after: number,
    after_ms: number,
    private readonly world: World,
  ) {
    this.position = after
    this.time_ms = Math.max(after_ms, Date.now())
    this.time = new Date(this.time_ms).toISOString()
  }

  readonly time_ms: number

  /** Position of the last event accepted. */
  get head(): number {
    return this.position
  }

  get isEmpty(): boolean {
    return this.rows.length === 0
  }

  /** Names taken so far, with positions: what {@link Names} learns when the batch is sent. */
  *names(): Generator<readonly [hash: Buffer, position: number]> {
    for (const [index, hash] of this.hashes.entries()) yield [hash, this.positions[index] ?? 0]
  }

  get nameCount(): number {
    return this.hashes.length
  }

  accept(candidate: Candidate): Verdict {
    const { keyHash, claims } = candidate
    const position = this.taken(keyHash)
    if (position > 0) return { kind: 'taken', position, claim: undefined }
    for (const claim of claims) {
      const claimed = this.taken(claim.hash)
      if (claimed > 0) return { kind: 'taken', position: claimed, claim }
    }
    const failed = this.failed(candidate)
    if (failed !== undefined) return { kind: 'conflict', stream: failed, revision: this.headOf(failed).revision }
    const place = this.write(candidate)
    this.take(keyHash, Number(place.position))
    for (const { hash } of claims) this.take(hash, Number(place.position))
    return { kind: 'accepted', place }
  }

  private headOf(stream: string): StreamHead {
    return this.heads.get(stream) ?? this.world.head(stream)
  }

  private taken(hash: Buffer): number {
    return this.mine.get(hash.toString('latin1')) ?? this.world.taken(hash)
  }

  private take(hash: Buffer, position: number): void {
    this.mine.set(hash.toString('latin1'), position)
    this.hashes.push(hash)
    this.positions.push(position)
  }

  /** The stream of the first expectation that does not hold. */
  private failed({ writes, checks }: Candidate): string | undefined {
    for (const { stream, expected, tip } of writes) if (!holds(this.headOf(stream), expected, tip)) return stream
    for (const { stream, expected } of checks) if (!holds(this.headOf(stream), expected, undefined)) return stream
    return undefined
  }

  private write({ writes, key, requestHash }: Candidate): AppendPlace {
    let place: AppendPlace | undefined
    for (const { stream, events } of writes) {
      let { revision, lastId } = this.headOf(stream)
      if (revision === -1 && events.length > 0) this.take(streamHash(stream), this.position + 1)
      for (const [index, event] of events.entries()) {
        revision += 1
        this.position += 1
        lastId = event.id
        const isLast = place === undefined && index === events.length - 1
        const written = isLast ? { ...event, metadata: withCommand(event.metadata, key, requestHash) } : event
        this.rows.push(rowOf(stream, revision, this.position, this.time, written))
      }
      this.heads.set(stream, { revision, lastId })
      place ??= { stream, revision: BigInt(revision), position: BigInt(this.position) }
    }
    if (!place) throw new RangeError('an append writes to at least one stream')
    return place
  }

  /** The rows as they are stored and pushed. */
  committed(): CommittedBatch {
    return new CommittedBatch(BigInt(this.after), BigInt(this.position), Buffer.from(this.rows.join('')))
  }

  /** The names as they are stored. */
  nameEntries(): Buffer {
    const out = Buffer.allocUnsafe(this.hashes.length * ENTRY_BYTES)
    let at = 0
    for (const [index, hash] of this.hashes.entries()) {
      hash.copy(out, at)
      at = writePosition(out, this.positions[index] ?? 0, at + hash.length)
    }
    return out
  }
}
