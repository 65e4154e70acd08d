import { type Answer, type NamedResource, type Place } from '#read-models'
import { type Principal, Problem } from '#runtime'
import { type Query } from '../query-input.js'
import { readResource } from '../read-resource.js'
import { type LiveHub, type RowChange, type Watcher } from './hub.js'
import { type LiveReading } from './live-reads.js'
import { type Acknowledgement, type Change, type Outgoing } from './messages.js'
import { Payload } from './payload.js'
import { type ChangeQueue, queueFor } from './queue.js'
import { type Source } from './sender.js'
import { answerPayload } from './shared-payload.js'

const CHUNK = 1_000
const ORDINAL_MAX = 2_147_483_647
/** For so long, in ms, it is tried to read anew what is watched, before the socket is closed. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 250
/** Who has read another build than the one that is known to be live looks again: by then that is known better. */
const VERIFY_MS = 1_500

/** The state of what is watched; null when it is gone. */
interface State {
  readonly position: bigint
  readonly build: number
  readonly data: object | null
}

/** What was missed, as far as it was read at once. */
interface Chunk {
  readonly position: bigint
  readonly build: number
  readonly changes: Change[]
  /** Where the rest begins. */
  readonly next: Place | undefined
  /** Where what comes later begins. */
  readonly end: Place
}

interface Missed {
  readonly position: bigint
  readonly changes: readonly Change[]
}

export interface SubscriptionOptions {
  readonly id: string
  readonly named: NamedResource
  readonly query: Query
  readonly hub: LiveHub
  readonly reader: LiveReading
  readonly principal: Principal
  /** Something waits to be sent. */
  readonly onPending: (subscription: Subscription) => void
  /** The subscription cannot go on: it could not be read anew. */
  readonly onFailed: (subscription: Subscription, error: unknown) => void
}

/**
 * One watched resource of one reader. It watches before it reads, reads at least as far as it has watched, and then drops
 * what the snapshot holds already: nothing is missed between the two and nothing comes twice.
 */
export class Subscription implements Watcher, Source {
  readonly named: NamedResource
  /** Has the answer to the subscribe been made? Nothing is sent before it. */
  isTold = false
  build = 0
  private readonly queue: ChangeQueue | undefined
  /** Changes up to here were told. */
  private position = 0n
  private isOpening = true
  private buffered: RowChange[] = []
  private outbox: Outgoing[] = []
  /** The chain of changes broke while it was being opened. */
  private isStale = false
  /** More came meanwhile than is kept. */
  private isOverrun = false
  /** A collection that has changed up to `staleAt` is being computed. */
  private isComputing = false
  private staleAt = 0n
  private isClosed = false

  constructor(private readonly options: SubscriptionOptions) {
    this.named = options.named
    const { resource } = options.named.readable
    this.queue = resource.kind === 'collection' ? undefined : queueFor(resource)
  }

  /** Snapshot first. @throws Problem as GET would answer it. */
  async open(minPosition: bigint): Promise<Acknowledgement> {
    this.options.hub.watch(this)
    try {
      const { position, build, data } = await this.read(minPosition)
      this.begin(position, build)
      return { ok: true, subscription: this.options.id, position: position.toString(), data }
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** What was missed since `after`, then changes. @throws Problem */
  async resume(after: bigint, minPosition: bigint): Promise<Acknowledgement> {
    const { hub, id } = this.options
    hub.watch(this)
    try {
      const least = after > minPosition ? after : minPosition
      const { position, changes } =
        this.named.readable.resource.kind === 'list'
          ? await this.missedItems(after, least)
          : await this.missedState(after, least)
      return { ok: true, subscription: id, position: position.toString(), changes }
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.options.hub.unwatch(this)
  }

  changed(changes: readonly RowChange[], position: bigint): void {
    const only = this.named.only
    const mine = only ? changes.filter(({ row }) => only.values.includes(String(row[only.column]))) : changes
    if (mine.length === 0) return
    if (this.isOpening) this.keep(mine)
    else if (!this.queue) this.refresh(position)
    else this.enqueue(mine)
  }

  private keep(changes: readonly RowChange[]): void {
    // Of what is not a list, the newest says it all.
    if (this.named.readable.resource.kind !== 'list') this.buffered = changes.slice(-1)
    else this.buffered.push(...changes)
    if (this.buffered.length <= CHUNK) return
    this.isOverrun = true
    this.buffered = []
  }

  gap(): void {
    if (this.isOpening) this.isStale = true
    else void this.reset()
  }

  private isOpen(): boolean {
    return !this.isClosed
  }

  /** Neither closed nor being read from the beginning. */
  private isFollowing(): boolean {
    return this.isOpen() && !this.isOpening
  }

  get id(): string {
    return this.options.id
  }

  get isPending(): boolean {
    return this.outbox.length > 0 || !(this.queue?.isEmpty ?? true)
  }

  /** The next message, when the reader can take one. */
  take(): Outgoing | undefined {
    const ready = this.outbox.shift()
    if (ready || this.isOpening) return ready
    const payload = this.queue?.take()
    if (!payload) return undefined
    this.position = BigInt(payload.position)
    return { event: 'change', payload }
  }

  private async read(minPosition: bigint): Promise<Answer> {
    const { hub, reader, query, principal } = this.options
    const heard = hub.positionFor(this)
    const least = heard > minPosition ? heard : minPosition
    return readResource(reader, this.named, query, least, principal)
  }

  /** As `read`, for who was told of it before: that it is gone by now is its state. */
  private async state(minPosition: bigint): Promise<State & Partial<Pick<Answer, 'etag'>>> {
    try {
      return await this.read(minPosition)
    } catch (error) {
      const position = error instanceof Problem ? error.headers['headwater-position'] : undefined
      if (!(error instanceof Problem) || error.code !== 'not-found' || position === undefined) throw error
      return { position: BigInt(position), build: this.options.hub.carrierOf(this)?.build ?? 0, data: null }
    }
  }

  /** Tries again what fails because there is too much to do, or a replica is behind. @throws what it throws to the end */
  private async patiently<T>(read: () => Promise<T>): Promise<T> {
    const end_ms = performance.now() + PATIENCE_MS
    for (;;)
      try {
        return await read()
      } catch (error) {
        const mayPass = error instanceof Problem && error.status === 503
        if (!mayPass || this.isClosed || performance.now() > end_ms) throw error
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (1 + Math.random())))
      }
  }

  /** Goes live after a snapshot: what it holds already is dropped. */
  private begin(position: bigint, build: number): void {
    const { hub } = this.options
    this.position = position
    this.build = build
    this.isOpening = false
    const carrier = hub.carrierOf(this)
    if (carrier && carrier.build !== build) setTimeout(() => this.verify(), VERIFY_MS).unref()
    if (this.isStale || this.isOverrun) return void this.reset()
    const later = this.buffered
    this.buffered = []
    if (!this.queue) {
      if (later.some(({ changed }) => changed > position)) this.refresh(position)
    } else this.enqueue(later)
  }

  private enqueue(changes: readonly RowChange[]): void {
    const { kind } = this.named.readable.resource
    const fresh = changes.filter(
      ({ created, changed }) => (kind === 'list' ? created.position : changed) > this.position,
    )
    if (fresh.length === 0) return
    if (this.queue?.put(fresh)) this.options.onPending(this)
    else void this.reset()
  }

  private verify(): void {
    if (this.isFollowing() && this.options.hub.carrierOf(this)?.build !== this.build) void this.reset()
  }

  /** Was what the reader was told up to there told by this build? */
  private isContinued(after: bigint, build: number): boolean {
    const carrier = this.options.hub.carrierOf(this)
    return carrier !== undefined && carrier.build === build && (carrier.liveAt === 0n || after > carrier.liveAt)
  }

  /** The reader stays where it is until the `reset` that follows. */
  private beginAnew(after: bigint, { position, build }: Pick<State, 'position' | 'build'>): Missed {
    this.begin(position, build)
    void this.reset()
    return { position: after, changes: [] }
  }

  private async missedState(after: bigint, minPosition: bigint): Promise<Missed> {
    const state = await this.state(minPosition)
    const { position, build, data, etag } = state
    if (!this.isContinued(after, build)) return this.beginAnew(after, state)
    this.begin(position, build)
    const changedAt =
      this.named.readable.resource.kind === 'document' && etag !== undefined
        ? BigInt(/-(\d+)"$/.exec(etag)?.[1] ?? '0')
        : position
    return { position, changes: changedAt > after ? [{ position: position.toString(), data }] : [] }
  }

  /** The first chunk answers the subscribe; further ones are sent as changes, before anything live. */
  private async missedItems(after: bigint, minPosition: bigint): Promise<Missed> {
    const first = await this.chunk({ position: after, ordinal: ORDINAL_MAX }, minPosition)
    if (!this.isContinued(after, first.build)) return this.beginAnew(after, first)
    const next = this.rest(first)
    if (next) void this.catchUp(next)
    else this.begin(first.position, first.build)
    return { position: next ? next.position : first.position, changes: first.changes }
  }

  /** Where to go on reading; undefined when what came since is known. */
  private rest({ next, end }: Chunk): Place | undefined {
    if (next || !this.isOverrun) return next
    this.isOverrun = false
    return end
  }

  private async catchUp(from: Place): Promise<void> {
    try {
      for (let next: Place | undefined = from; next && !this.isClosed;) {
        const place = next
        const chunk: Chunk = await this.patiently(() => this.chunk(place, 0n))
        this.outbox.push(
          ...chunk.changes.map(({ position, data }) => ({
            event: 'change' as const,
            payload: new Payload(position, data),
          })),
        )
        this.options.onPending(this)
        while (this.outbox.length > CHUNK && this.isOpen()) await new Promise((resolve) => setTimeout(resolve, 10))
        next = this.rest(chunk)
        if (!next) this.begin(chunk.position, chunk.build)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  /** Items after a place, whole positions only: a position is told once, with all its items. */
  private async chunk(after: Place, minPosition: bigint, limit = CHUNK): Promise<Chunk> {
    const { hub, reader } = this.options
    const heard = hub.positionFor(this)
    const least = heard > minPosition ? heard : minPosition
    const { position, build, items, isComplete } = await reader.missed(this.named, after, limit, { minPosition: least })
    const cut = isComplete ? undefined : items.at(-1)?.place.position
    const told = cut === undefined ? items : items.filter(({ place }) => place.position < cut)
    // One position with more items than were read: how many it may have is bounded by the command that made them.
    if (told.length === 0 && !isComplete) return this.chunk(after, minPosition, limit * 2)
    const groups = new Map<bigint, object[]>()
    for (const { place, item } of told) groups.set(place.position, [...(groups.get(place.position) ?? []), item])
    const changes = [...groups].map(([at, each]) => ({ position: at.toString(), data: { items: each } }))
    const last = told.at(-1)?.place
    const next = isComplete || !last ? undefined : { ...last, ordinal: ORDINAL_MAX }
    const reached = last && last.position > position ? last.position : position
    return { position, build, changes, next, end: { position: reached, ordinal: ORDINAL_MAX } }
  }

  /** The reader could not be kept contiguous: here is the state to go on from. */
  private async reset(): Promise<void> {
    if (this.isClosed || this.isOpening) return
    this.isOpening = true
    this.isStale = false
    this.isOverrun = false
    this.buffered = []
    this.outbox = []
    this.queue?.clear()
    try {
      // What was told stays told: no reader is sent back.
      const { position, build, data } = await this.patiently(() => this.state(this.position))
      this.outbox.push({ event: 'reset', payload: answerPayload(position, data) })
      this.begin(position, build)
      this.options.onPending(this)
    } catch (error) {
      this.fail(error)
    }
  }

  /** A collection is computed anew; changes that come meanwhile are answered by one more computation. */
  private refresh(position: bigint): void {
    this.staleAt = position
    if (this.isComputing) return
    this.isComputing = true
    void this.recompute()
  }

  /** A reset that begins meanwhile reads what is computed here, and may have read something newer. */
  private async recompute(): Promise<void> {
    try {
      while (this.isFollowing() && this.staleAt > this.position) {
        const { position, data } = await this.patiently(() => this.state(this.staleAt))
        if (!this.isFollowing() || position <= this.position) continue
        this.position = position
        this.outbox = [{ event: 'change', payload: answerPayload(position, data) }]
        this.options.onPending(this)
      }
    } catch (error) {
      this.fail(error)
    } finally {
      this.isComputing = false
    }
  }

  private fail(error: unknown): void {
    if (this.isClosed) return
    this.close()
    this.options.onFailed(this, error)
  }
}
