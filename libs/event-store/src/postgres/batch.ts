import { parseStream, type RecordedEvent } from '#domain-kit'
import { type AppendPlace, type AppendRequest, type StreamCheck, type StreamClaim } from '../port.js'
import { holds, type StreamHead } from './heads.js'
import { claimHash, commandHash } from './key-hash.js'

/** An append waiting for its turn, with everything that can be computed before. */
export interface Candidate {
  readonly request: AppendRequest
  readonly keyHash: string
  readonly claimHashes: readonly { readonly hash: string; readonly claim: StreamClaim }[]
  readonly size: number
}

export function candidate(request: AppendRequest): Candidate {
  return {
    request,
    keyHash: commandHash(request.commandId),
    claimHashes: (request.claims ?? []).map((claim) => ({ hash: claimHash(claim), claim })),
    size: request.writes.reduce((sum, { events }) => sum + events.length, 0),
  }
}

export function streamsOf({ writes, checks = [] }: AppendRequest): readonly string[] {
  return [...writes, ...checks].map(({ stream }) => stream)
}

/** One transaction in the making: what was accepted so far, on top of what is committed. */
export class Batch {
  readonly events: RecordedEvent[] = []
  readonly keys: { readonly hash: string; readonly position: bigint }[] = []
  readonly heads = new Map<string, StreamHead>()
  private readonly taken = new Set<string>()
  private readonly time: string
  private position: bigint

  constructor(
    readonly after: bigint,
    after_ms: number,
    private readonly committed: (stream: string) => StreamHead,
  ) {
    this.position = after
    this.time_ms = Math.max(after_ms, Date.now())
    this.time = new Date(this.time_ms).toISOString()
  }

  readonly time_ms: number

  get head(): bigint {
    return this.position
  }

  private headOf(stream: string): StreamHead {
    return this.heads.get(stream) ?? this.committed(stream)
  }

  /**
   * @returns the place it will have; `busy` when a name is taken by another append of this batch, so that it must wait
   *   for the next one; `conflict` with the stream whose expectation fails.
   */
  accept({
    request,
    keyHash,
    claimHashes,
  }: Candidate): AppendPlace | 'busy' | { readonly conflict: string; readonly busy: boolean } {
    const hashes = [keyHash, ...claimHashes.map(({ hash }) => hash)]
    if (hashes.some((hash) => this.taken.has(hash))) return 'busy'
    const failed = [...request.writes, ...(request.checks ?? [])].find(
      (each: StreamCheck & { readonly tip?: string }) => !holds(this.headOf(each.stream), each.expected, each.tip),
    )
    if (failed) return { conflict: failed.stream, busy: this.heads.has(failed.stream) }
    for (const hash of hashes) this.taken.add(hash)
    let place: AppendPlace | undefined
    for (const { stream, events } of request.writes) {
      let { revision, lastId } = this.headOf(stream)
      const { aggregate, aggregateId } = parseStream(stream)
      events.forEach((event, index) => {
        revision += 1n
        this.position += 1n
        lastId = event.id
        const isLast = !place && index === events.length - 1
        const { metadata, ...rest } = event
        const { key } = request.commandId
        const command = isLast ? { $command: { key, hash: request.requestHash } } : {}
        this.events.push({
          ...rest,
          metadata: { ...metadata, ...command },
          stream,
          aggregate,
          aggregateId,
          revision,
          position: this.position,
          time: this.time,
        })
      })
      this.heads.set(stream, { revision, lastId })
      place ??= { stream, revision, position: this.position }
    }
    const { position } = place ?? { position: this.position }
    for (const hash of hashes) this.keys.push({ hash, position })
    return place ?? { stream: request.commandId.stream, revision: -1n, position }
  }
}
