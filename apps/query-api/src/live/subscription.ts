import { type NamedResource, type Reader } from '#read-models'
import { type Principal } from '#runtime'
import { type Query } from '../query-input.js'
import { readResource } from '../read-resource.js'
import { type LiveHub, type RowChange, type Watcher } from './hub.js'
import { type Acknowledgement, type Change, type Outgoing } from './messages.js'
import { Payload } from './payload.js'
import { type ChangeQueue, queueFor } from './queue.js'
import { type Source } from './sender.js'

const CHUNK = 1_000
const ORDINAL_MAX = 2_147_483_647

/** What was missed, as far as it was read at once. */
interface Chunk {
  readonly position: bigint
  readonly changes: Change[]
  /** Where the rest begins. */
  readonly next: { readonly position: bigint; readonly ordinal: number } | undefined
}

export interface SubscriptionOptions {
  readonly id: string
  readonly named: NamedResource
  readonly query: Query
  readonly hub: LiveHub
  readonly reader: Reader
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
  private readonly queue: ChangeQueue | undefined
  /** Changes up to here were told. */
  private position = 0n
  private isOpening = true
  private buffered: RowChange[] = []
  private outbox: Outgoing[] = []
  private isStale = false
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
      const { position, data } = await this.read(minPosition)
      this.begin(position)
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
    if (this.isOpening) {
      this.buffered.push(...mine)
      if (this.buffered.length > CHUNK) this.isStale = true
      if (this.isStale) this.buffered = []
    } else if (!this.queue) this.refresh(position)
    else this.enqueue(mine)
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
    return payload && { event: 'change', payload }
  }

  private async read(minPosition: bigint) {
    const { hub, reader, query, principal } = this.options
    const heard = hub.positionFor(this)
    const least = heard > minPosition ? heard : minPosition
    return readResource(reader, this.named, query, least, principal)
  }

  /** Goes live after a snapshot: what it holds already is dropped. */
  private begin(position: bigint): void {
    this.position = position
    this.isOpening = false
    if (this.isStale) return void this.reset()
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

  private async missedState(after: bigint, minPosition: bigint): Promise<{ position: bigint; changes: Change[] }> {
    const { position, data, etag } = await this.read(minPosition)
    this.begin(position)
    const changedAt =
      this.named.readable.resource.kind === 'document' ? BigInt(/-(\d+)"$/.exec(etag)?.[1] ?? '0') : position
    return { position, changes: changedAt > after ? [{ position: position.toString(), data }] : [] }
  }

  /** The first chunk answers the subscribe; further ones are sent as changes, before anything live. */
  private async missedItems(after: bigint, minPosition: bigint): Promise<{ position: bigint; changes: Change[] }> {
    const first = await this.chunk({ position: after, ordinal: ORDINAL_MAX }, minPosition)
    if (first.next) void this.catchUp(first.next)
    else this.begin(first.position)
    return { position: first.next ? first.next.position : first.position, changes: first.changes }
  }

  private async catchUp(from: { position: bigint; ordinal: number }): Promise<void> {
    try {
      for (let next: typeof from | undefined = from; next && !this.isClosed;) {
        const chunk = await this.chunk(next, 0n)
        this.outbox.push(
          ...chunk.changes.map(({ position, data }) => ({
            event: 'change' as const,
            payload: new Payload(position, data),
          })),
        )
        this.options.onPending(this)
        while (this.outbox.length > CHUNK && this.isOpen()) await new Promise((resolve) => setTimeout(resolve, 10))
        if (!chunk.next) this.begin(chunk.position)
        next = chunk.next
      }
    } catch (error) {
      this.fail(error)
    }
  }

  /** Items after a place, whole positions only: a position is told once, with all its items. */
  private async chunk(
    after: { position: bigint; ordinal: number },
    minPosition: bigint,
    limit = CHUNK,
  ): Promise<Chunk> {
    const { hub, reader } = this.options
    const heard = hub.positionFor(this)
    const least = heard > minPosition ? heard : minPosition
    const { position, items, isComplete } = await reader.missed(this.named, after, limit, { minPosition: least })
    const cut = isComplete ? undefined : items.at(-1)?.place.position
    const told = cut === undefined ? items : items.filter(({ place }) => place.position < cut)
    // One position with more items than were read: how many it may have is bounded by the command that made them.
    if (told.length === 0 && !isComplete) return this.chunk(after, minPosition, limit * 2)
    const groups = new Map<bigint, object[]>()
    for (const { place, item } of told) groups.set(place.position, [...(groups.get(place.position) ?? []), item])
    const changes = [...groups].map(([at, each]) => ({ position: at.toString(), data: { items: each } }))
    const last = told.at(-1)?.place
    return { position, changes, next: isComplete || !last ? undefined : { ...last, ordinal: ORDINAL_MAX } }
  }

  /** The reader could not be kept contiguous: here is the state to go on from. */
  private async reset(): Promise<void> {
    if (this.isClosed || this.isOpening) return
    this.isOpening = true
    this.isStale = false
    this.buffered = []
    this.outbox = []
    this.queue?.clear()
    try {
      // What was told stays told: no reader is sent back.
      const { position, data } = await this.read(this.position)
      this.outbox.push({ event: 'reset', payload: new Payload(position.toString(), data) })
      this.begin(position)
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
        const { position, data } = await this.read(this.staleAt)
        if (!this.isFollowing() || position <= this.position) continue
        this.position = position
        this.outbox = [{ event: 'change', payload: new Payload(position.toString(), data) }]
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
