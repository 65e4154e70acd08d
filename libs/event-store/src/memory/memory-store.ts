import { type RecordedEvent } from '#domain-kit'
import { missingTail, Tail } from '../missing-tail.js'
import {
  type AppendRequest,
  type AppendResult,
  DEFAULT_LIMITS,
  type EventStore,
  type ReadAllOptions,
  type Recalled,
  type ReadStreamOptions,
} from '../port.js'
import { namesIn } from '../log/append-queue.js'
import { Batch, type World } from '../log/batch.js'
import { follow, type Page } from '../log/follow.js'
import { noEvents, type StreamHead } from '../log/heads.js'
import { LiveFeed } from '../log/live-feed.js'
import { claimHash, commandHash, HASH_BYTES } from '../log/name-hash.js'
import { plan } from '../log/pack.js'
import { accepted, takenBy } from '../log/answer.js'
import { LOG_CAPABILITIES } from '../log/capabilities.js'
import { type Wanted } from '../wanted.js'

/** The store for unit tests of what stands above it: same rules, nothing kept. */
export function createMemoryStore(): EventStore {
  const log = new MemoryLog()
  const feed = new LiveFeed()
  return {
    capabilities: LOG_CAPABILITIES,
    limits: DEFAULT_LIMITS,
    append: async (request) => {
      const after = log.events.length
      const result = log.append(request)
      const events = log.events.slice(after)
      if (events.length > 0) feed.publish({ after: BigInt(after), position: BigInt(log.events.length), events })
      return Promise.resolve(result)
    },
    recall: async (id) => Promise.resolve(log.find(commandHash(id))),
    findClaim: async (claim) => Promise.resolve(log.find(claimHash(claim))),
    readStream: (stream, options) => log.readStream(stream, options),
    readAll: (options) => log.readAll(options),
    subscribe: (options) => follow(log, feed, options),
    head: async () => Promise.resolve(BigInt(log.events.length)),
    close: async () => Promise.resolve(),
  }
}

class MemoryLog implements World {
  readonly events: RecordedEvent[] = []
  private readonly streams = new Map<string, RecordedEvent[]>()
  private readonly names = new Map<string, number>()
  private readonly commands = new Map<number, Recalled>()
  private readonly heads = new Map<string, StreamHead>()
  private time_ms = 0

  find(hash: Buffer): Recalled | undefined {
    return this.commands.get(this.names.get(hash.toString('latin1')) ?? 0)
  }

  append(request: AppendRequest): AppendResult {
    const planned = plan(request, DEFAULT_LIMITS)
    const { events, size_bytes } = planned
    const batch = new Batch(this.events.length, this.time_ms, { events, size_bytes, names: namesIn(planned) }, this)
    const verdict = batch.accept(planned)
    if (verdict.kind === 'conflict') return this.conflict(request, verdict.stream, verdict.revision)
    if (verdict.kind === 'taken') return takenBy(this.commandAt(verdict.position), verdict.claim, request)
    for (const event of batch.sealed().committed.events) {
      this.events.push(event)
      const stream = this.streams.get(event.stream)
      if (stream) stream.push(event)
      else this.streams.set(event.stream, [event])
    }
    const { stream } = request.commandId
    const place = { stream, revision: BigInt(verdict.revision), position: BigInt(verdict.position) }
    this.commands.set(verdict.position, { ...place, requestHash: request.requestHash })
    this.time_ms = batch.time_ms
    return accepted(verdict, request)
  }

  /** For {@link Batch}. */
  head(stream: string): StreamHead {
    const head = this.heads.get(stream) ?? noEvents()
    this.heads.set(stream, head)
    return head
  }

  /** For {@link Batch}. */
  taken(bytes: Buffer, at: number): number {
    return this.names.get(bytes.toString('latin1', at, at + HASH_BYTES)) ?? 0
  }

  /** For {@link Batch}. */
  take(bytes: Buffer, at: number, position: number): void {
    this.names.set(bytes.toString('latin1', at, at + HASH_BYTES), position)
  }

  private commandAt(position: number): Recalled {
    const before = this.commands.get(position)
    if (!before) throw new Error(`nothing was appended at ${position}`)
    return before
  }

  private conflict({ writes, checks = [] }: AppendRequest, stream: string, revision: number): AppendResult {
    const missing = missingTail([...writes, ...checks], stream, revision, DEFAULT_LIMITS)
    const events = (this.streams.get(stream) ?? []).slice(missing?.from)
    const tail = new Tail(DEFAULT_LIMITS)
    const fits = missing !== undefined && events.every((event) => tail.add(event))
    return { outcome: 'conflict', stream, revision: BigInt(revision), tail: fits ? events : undefined }
  }

  async page(after: bigint, limit: number, wanted: Wanted = () => true): Promise<Page> {
    const all = this.events.slice(Number(after), Number(after) + limit)
    const events = all.filter(wanted)
    return Promise.resolve({ count: all.length, last: after + BigInt(all.length), events, isCut: false })
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<RecordedEvent> {
    const { from, direction = 'forwards', limit = Infinity } = options
    const all = this.streams.get(stream) ?? []
    const some =
      direction === 'forwards'
        ? all.slice(Number(from ?? 0n))
        : all.slice(0, from === undefined ? all.length : Number(from) + 1).reverse()
    yield* await Promise.resolve(some.slice(0, limit))
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
    const { after, direction = 'forwards', limit = Infinity, signal } = options
    if (signal?.aborted === true) return
    const some =
      direction === 'forwards'
        ? this.events.slice(Number(after ?? 0n))
        : this.events.slice(0, after === undefined ? this.events.length : Math.max(0, Number(after) - 1)).reverse()
    yield* await Promise.resolve(some.slice(0, limit))
  }
}
