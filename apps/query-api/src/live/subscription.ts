import { type Answer, type NamedResource, type Place } from '#read-models'
import { type Principal, Problem } from '#runtime'
import { type Query } from '../query-input.js'
import { readResource, requireCovered } from '../read-resource.js'
import { type ChangeSource } from './change-source.js'
import { type LiveHub, type RowChange, type Watcher } from './hub.js'
import { type Asker, type LiveReading } from './live-reads.js'
import { type Acknowledgement, type Outgoing } from './messages.js'
import { type Chunk, endOf, isContinued, type Missed, readChunk } from './missed.js'
import { patiently } from './patiently.js'
import { Payload } from './payload.js'
import { Queued } from './queued.js'
import { Recomputed, type Recomputing } from './recomputed.js'
import { type Source } from './sender.js'
import { answerPayload } from './shared-payload.js'

/** Who has read another build than the one that is known to be live looks again: by then that is known better. */
const VERIFY_MS = 1_500

/** The state of what is watched; null when it is gone. */
interface State {
  readonly position: bigint
  readonly build: number
  readonly data: object | null
}

export interface SubscriptionOptions {
  readonly id: string
  readonly named: NamedResource
  readonly query: Query
  readonly hub: LiveHub
  readonly readerFor: (asker: Asker) => LiveReading
  readonly principal: Principal
  /** When it is its turn, does what lasts until its reader has taken what was read: so many at a time of a socket. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** Something waits to be sent. */
  readonly onPending: (subscription: Subscription) => void
  /** It cannot go on, and is closed. */
  readonly onFailed: (subscription: Subscription, error: unknown) => void
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/**
 * One watched resource of one reader. It watches before it reads, reads at least as far as it has watched, and then drops
 * what the snapshot holds already: nothing is missed between the two and nothing comes twice.
 */
export class Subscription implements Watcher, Source, Asker, Recomputing {
  readonly named: NamedResource
  build = 0
  /** Changes up to here were told. */
  position = 0n
  private readonly changes: ChangeSource
  /** Has the answer to the subscribe left? Nothing is sent before it. */
  private isAnswered = false
  private isOpening = true
  private outbox: Outgoing[] = []
  /** While it opened, the chain of changes broke. */
  private isBroken = false
  private isClosed = false
  private failure: Error | undefined
  /** Nothing waits in the outbox any more, or nobody takes it. */
  private onTaken: (() => void) | undefined

  constructor(private readonly options: SubscriptionOptions) {
    this.named = options.named
    const { resource } = options.named.readable
    this.changes = resource.kind === 'collection' ? new Recomputed(this) : new Queued(resource, this)
  }

  /** Snapshot first. @throws Problem as GET would answer it. */
  async open(minPosition: bigint): Promise<Acknowledgement> {
    return this.opened(async () => {
      const { position, build, data } = await this.read(minPosition)
      this.begin(position, build)
      return { position, data }
    })
  }

  /** What was missed since `after`, then changes. @throws Problem */
  async resume(after: bigint, minPosition: bigint): Promise<Acknowledgement> {
    const least = later(after, minPosition)
    const isList = this.named.readable.resource.kind === 'list'
    return this.opened(() => (isList ? this.missedItems(after, least) : this.missedState(after, least)))
  }

  private async opened(
    read: () => Promise<Missed | { readonly position: bigint; readonly data: object }>,
  ): Promise<Acknowledgement> {
    const { hub, id } = this.options
    if (this.isClosed) throw Problem.of('unavailable', 'it was closed before it was read')
    hub.watch(this)
    try {
      const { position, ...answer } = await read()
      return { ok: true, subscription: id, position: position.toString(), ...answer }
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Hands over the answer to the subscribe; from then on it sends.
   *
   * @throws what has ended it meanwhile
   */
  answer(leave: () => void): void {
    if (this.failure) throw this.failure
    leave()
    this.isAnswered = true
    this.pending()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.onTaken?.()
    this.options.hub.unwatch(this)
  }

  /** It cannot go on: its reader is told why, in the answer to the subscribe if that has not left. */
  fail(error: unknown): void {
    if (this.isClosed) return
    this.close()
    this.failure = error instanceof Error ? error : new Error(String(error))
    if (this.isAnswered) this.options.onFailed(this, error)
  }

  changed(changes: readonly RowChange[], position: bigint): void {
    const { only } = this.named
    const mine = only ? changes.filter(({ row }) => only.values.includes(String(row[only.column]))) : changes
    if (mine.length === 0 || !this.isCovered(mine)) return
    if (this.isOpening) this.changes.keep(mine, position)
    else if (this.changes.put(mine, position)) this.pending()
    else void this.reset()
  }

  /** A row that was not there when it was read may be another's. */
  private isCovered(changes: readonly RowChange[]): boolean {
    const { resource } = this.named.readable
    if (resource.kind !== 'document' || !resource.covers) return true
    try {
      for (const { op, row } of changes) if (op !== 'del') requireCovered(resource.covers(row), this.options.principal)
      return true
    } catch (error) {
      this.fail(error)
      return false
    }
  }

  gap(): void {
    if (this.isOpening) this.isBroken = true
    else void this.reset()
  }

  private isOver(): boolean {
    return this.isClosed
  }

  isFollowing(): boolean {
    return !this.isClosed && !this.isOpening
  }

  get id(): string {
    return this.options.id
  }

  get subject(): string {
    return this.options.principal.subject
  }

  get isGone(): boolean {
    return this.isClosed
  }

  get isPending(): boolean {
    return this.outbox.length > 0 || !this.changes.isEmpty
  }

  /** The next message, when the reader can take one. */
  take(): Outgoing | undefined {
    const ready = this.outbox.shift()
    if (this.outbox.length === 0) this.onTaken?.()
    if (ready && this.isFollowing()) this.changes.goOn()
    if (ready || this.isOpening) return ready
    const payload = this.changes.take()
    if (!payload) return undefined
    this.position = BigInt(payload.position)
    return { event: 'change', payload }
  }

  private pending(): void {
    if (this.isAnswered && !this.isClosed && this.isPending) this.options.onPending(this)
  }

  /** How far what is read must be, to be as far as what was told of it. */
  private least(minPosition: bigint): bigint {
    return later(this.options.hub.positionFor(this), minPosition)
  }

  private async read(minPosition: bigint): Promise<Answer> {
    const { readerFor, query, principal } = this.options
    return readResource(readerFor(this), this.named, query, this.least(minPosition), principal)
  }

  /** For who was told of it before. @throws Problem when it cannot be read for long, or what encloses it is gone */
  state(minPosition: bigint): Promise<State> {
    return this.patiently(() => this.readAgain(minPosition))
  }

  become(position: bigint, data: object | null): void {
    this.position = position
    this.outbox.push({ event: 'change', payload: answerPayload(position, data) })
    this.pending()
  }

  /** As `read`, for who was told of it before: that a document is gone by now is its state. Anything else is when what encloses it is. */
  private async readAgain(minPosition: bigint): Promise<State & Pick<Answer, 'changedAt'>> {
    try {
      return await this.read(minPosition)
    } catch (error) {
      const isGone =
        this.named.readable.resource.kind === 'document' && error instanceof Problem && error.code === 'not-found'
      const position = isGone ? error.headers['headwater-position'] : undefined
      if (position === undefined) throw error
      return { position: BigInt(position), build: this.options.hub.carrierOf(this)?.build ?? 0, data: null }
    }
  }

  private chunk(after: Place, minPosition: bigint): Promise<Chunk> {
    return readChunk(this.options.readerFor(this), this.named, after, this.least(minPosition))
  }

  private patiently<T>(read: () => Promise<T>): Promise<T> {
    return patiently(read, () => this.isClosed)
  }

  /** Goes live after a snapshot: what it holds already is dropped. */
  private begin(position: bigint, build: number): void {
    this.position = position
    this.build = build
    this.isOpening = false
    const carrier = this.options.hub.carrierOf(this)
    if (carrier && carrier.build !== build) setTimeout(() => this.verify(), VERIFY_MS).unref()
    if (this.lacks(position)) return void this.reset()
    this.changes.goOn()
    this.pending()
  }

  /** Is something that came while it was read neither kept nor in what was read at a position? */
  private lacks(position: bigint): boolean {
    return this.isBroken || this.changes.lacks(position)
  }

  private verify(): void {
    if (this.isFollowing() && this.options.hub.carrierOf(this)?.build !== this.build) void this.reset()
  }

  /** The reader stays where it is until the `reset` that follows. */
  private beginAnew(after: bigint, { position, build }: Pick<State, 'position' | 'build'>): Missed {
    this.begin(position, build)
    void this.reset()
    return { position: after, changes: [] }
  }

  private async missedState(after: bigint, minPosition: bigint): Promise<Missed> {
    const state = await this.readAgain(minPosition)
    // What is no document may have changed until it was read.
    const { position, build, data, changedAt = position } = state
    if (!isContinued(this.options.hub.carrierOf(this), build, after)) return this.beginAnew(after, state)
    this.begin(position, build)
    return { position, changes: changedAt > after ? [{ position: position.toString(), data }] : [] }
  }

  /** The first chunk answers the subscribe; further ones are sent as changes, before anything live. */
  private async missedItems(after: bigint, minPosition: bigint): Promise<Missed> {
    const first = await this.chunk(endOf(after), minPosition)
    if (!isContinued(this.options.hub.carrierOf(this), first.build, after)) return this.beginAnew(after, first)
    const next = this.rest(first)
    if (next) void this.catchUp(next, first.build)
    else this.begin(first.position, first.build)
    return { position: next ? next.position : first.position, changes: first.changes }
  }

  /** Where to go on reading; undefined when what came since is known. */
  private rest({ position, next, end }: Chunk): Place | undefined {
    if (next || !this.lacks(position)) return next
    this.isBroken = false
    return end
  }

  private async catchUp(from: Place, build: number): Promise<void> {
    try {
      for (let next: Place | undefined = from; next && !this.isOver();) {
        const place: Place = next
        next = await this.options.inTurn(() => this.catchUpFrom(place, build))
      }
    } catch (error) {
      this.fail(error)
    }
  }

  /** Its reader has taken it by then. @returns where to go on; undefined when it follows. */
  private async catchUpFrom(place: Place, build: number): Promise<Place | undefined> {
    if (this.isClosed) return undefined
    // Another source may be behind the last one: what was told stays told.
    const chunk = await this.patiently(() => this.chunk(place, place.position))
    if (chunk.build !== build) return void this.beginAnew(place.position, chunk)
    for (const { position, data } of chunk.changes)
      this.outbox.push({ event: 'change', payload: new Payload(position, data) })
    const next = this.rest(chunk)
    if (next) this.pending()
    else this.begin(chunk.position, chunk.build)
    await this.taken()
    return next
  }

  private async taken(): Promise<void> {
    if (this.outbox.length > 0 && !this.isClosed) await new Promise<void>((resolve) => (this.onTaken = resolve))
    this.onTaken = undefined
  }

  /** The reader could not be kept contiguous: here is the state to go on from. */
  private async reset(): Promise<void> {
    if (this.isClosed || this.isOpening) return
    this.isOpening = true
    this.isBroken = false
    this.outbox = []
    this.onTaken?.()
    this.changes.clear()
    try {
      // What was told stays told: no reader is sent back.
      const { position, build, data } = await this.state(this.position)
      this.outbox.push({ event: 'reset', payload: answerPayload(position, data) })
      this.begin(position, build)
    } catch (error) {
      this.fail(error)
    }
  }
}
