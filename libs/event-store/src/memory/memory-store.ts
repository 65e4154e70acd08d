import { type RecordedEvent } from '#domain-kit'
import { checkLimits } from '../limits.js'
import {
  type AppendPlace,
  type AppendRequest,
  type AppendResult,
  DEFAULT_LIMITS,
  type EventStore,
  type ReadAllOptions,
  type Recalled,
  type ReadStreamOptions,
} from '../port.js'
import { Batch, candidate } from '../postgres/batch.js'
import { follow } from '../postgres/follow.js'
import { NO_STREAM, type StreamHead } from '../postgres/heads.js'
import { LiveFeed } from '../postgres/live-feed.js'
import { claimHash, commandHash } from '../postgres/key-hash.js'
import { POSTGRES_CAPABILITIES } from '../postgres/store.js'

/** The store for unit tests of what stands above it: same rules, nothing kept. */
export function createMemoryStore(): EventStore {
  const log = new MemoryLog()
  const feed = new LiveFeed()
  return {
    capabilities: POSTGRES_CAPABILITIES,
    limits: DEFAULT_LIMITS,
    append: async (request) => {
      checkLimits(request, DEFAULT_LIMITS)
      const after = BigInt(log.events.length)
      const result = log.append(request)
      if (BigInt(log.events.length) > after)
        feed.publish({ after, position: BigInt(log.events.length), events: log.events.slice(Number(after)) })
      return Promise.resolve(result)
    },
    recall: async (id) => Promise.resolve(log.keys.get(commandHash(id))),
    findClaim: async (claim) => Promise.resolve(log.keys.get(claimHash(claim))),
    readStream: (stream, options) => log.readStream(stream, options),
    readAll: (options) => log.readAll(options),
    subscribe: (options) => follow({ page: (after, limit) => log.page(after, limit) }, feed.open(), options),
    head: async () => Promise.resolve(BigInt(log.events.length)),
    close: async () => Promise.resolve(),
  }
}

class MemoryLog {
  readonly events: RecordedEvent[] = []
  readonly keys = new Map<string, Recalled>()
  private readonly heads = new Map<string, StreamHead>()
  private time_ms = 0

  append(request: AppendRequest): AppendResult {
    const known = this.keys.get(commandHash(request.commandId))
    if (known?.requestHash === request.requestHash) return { outcome: 'replayed', ...placeOf(known) }
    if (known) return { outcome: 'mismatch', position: known.position }
    const one = candidate(request)
    for (const { hash, claim } of one.claimHashes) {
      const taken = this.keys.get(hash)
      if (taken) return { outcome: 'claimed', claim, requestHash: taken.requestHash, place: placeOf(taken) }
    }
    const batch = new Batch(BigInt(this.events.length), this.time_ms, (stream) => this.heads.get(stream) ?? NO_STREAM)
    const place = batch.accept(one)
    if (place === 'busy') throw new Error('an append claims one name twice')
    if ('conflict' in place) return this.conflict(request, place.conflict)
    this.events.push(...batch.events)
    for (const [stream, head] of batch.heads) this.heads.set(stream, head)
    for (const { hash } of batch.keys) this.keys.set(hash, { ...place, requestHash: request.requestHash })
    this.time_ms = batch.time_ms
    return { outcome: 'appended', ...place }
  }

  private conflict(request: AppendRequest, stream: string): AppendResult {
    const expected = [...request.writes, ...(request.checks ?? [])].find((each) => each.stream === stream)?.expected
    const from = typeof expected === 'bigint' ? expected + 1n : 0n
    const tail = this.events.filter((event) => event.stream === stream && event.revision >= from)
    const fits = tail.length <= DEFAULT_LIMITS.conflict_tail_events
    const revision = this.heads.get(stream)?.revision ?? -1n
    return { outcome: 'conflict', stream, revision, tail: fits ? tail : undefined }
  }

  async page(after: bigint, limit: number): Promise<RecordedEvent[]> {
    return Promise.resolve(this.events.slice(Number(after), Number(after) + limit))
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<RecordedEvent> {
    const { from, direction = 'forwards', limit = Infinity } = options
    const all = this.events.filter((event) => event.stream === stream)
    const some =
      direction === 'forwards'
        ? all.filter(({ revision }) => revision >= (from ?? 0n))
        : all.filter(({ revision }) => from === undefined || revision <= from).reverse()
    yield* await Promise.resolve(some.slice(0, limit))
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const { after, direction = 'forwards', limit = Infinity } = options
    const some =
      direction === 'forwards'
        ? this.events.filter(({ position }) => position > (after ?? 0n))
        : this.events.filter(({ position }) => after === undefined || position < after).reverse()
    yield* await Promise.resolve(some.slice(0, limit))
  }
}

function placeOf({ stream, revision, position }: Recalled): AppendPlace {
  return { stream, revision, position }
}
