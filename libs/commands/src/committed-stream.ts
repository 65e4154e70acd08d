import { type AnyAggregate, type RecordedEvent } from '#domain-kit'
import { EventsArchived, type EventStore } from '#event-store'
import { type Snapshots, type SnapshotSource } from './snapshots/snapshots.js'
import { emptyState, foldRecorded, type StreamState } from './stream-state.js'

/** Beyond every revision. */
const NEVER = 1n << 64n

/**
 * What is committed of one stream, as far as this process knows: always a state that the stream has had, never one that it
 * has not come to yet. Own appends and the tails of conflicts keep it up to date without a read; a snapshot shortens the first one.
 */
export class CommittedStream implements SnapshotSource {
  private known: StreamState
  private isLoaded = false
  private isCertain = false
  /** The stream has come to this revision, whether or not its events are known here. */
  private seen = -1n
  /** Revision from which on the next snapshot is of use. */
  private due: bigint

  constructor(
    private readonly store: EventStore,
    readonly aggregate: AnyAggregate,
    readonly stream: string,
    private readonly snapshots: Snapshots | undefined,
  ) {
    this.known = emptyState(aggregate)
    this.due = snapshots?.firstDue ?? NEVER
  }

  get state(): StreamState {
    return this.known
  }

  /** Only a read can tell what to decide upon. */
  get mustRead(): boolean {
    return !this.isCertain || this.seen > this.known.revision
  }

  /** An append of ours may have happened or not. */
  doubt(): void {
    this.isCertain = false
  }

  /** An append of ours was committed, its last event at `position`: its tip was there, so all that it was decided upon is. */
  appended(after: StreamState, position: bigint): void {
    if (after.revision > this.known.revision) this.learn({ ...after, position })
  }

  /** A conflict: the stream is at `revision`, and `tail` is what the writer had not seen. Folded as far as it connects. */
  conflicted(revision: bigint, tail: readonly RecordedEvent[] | undefined): void {
    if (revision > this.seen) this.seen = revision
    for (const event of tail ?? []) {
      if (event.revision > this.known.revision + 1n) return
      if (event.revision > this.known.revision) this.learn(foldRecorded(this.aggregate, this.known, event))
    }
  }

  /** Takes what this process was told of others' appends meanwhile, without a read. @returns whether anything was new. */
  hear(): boolean {
    if (this.mustRead) return false
    const news = this.store.news?.(this.stream, this.known.revision) ?? []
    if (news.length > 0)
      this.learn(news.reduce((before, event) => foldRecorded(this.aggregate, before, event), this.known))
    return news.length > 0
  }

  /** Reads what is new. @returns whether anything was. @throws StoreUnavailable, EventVersionError */
  async refresh(): Promise<boolean> {
    const before = this.known.revision
    const state = (this.isLoaded ? undefined : await this.fromSnapshot()) ?? (await this.foldFrom(this.known))
    this.isLoaded = true
    this.isCertain = true
    if (state.revision > before) this.learn(state)
    return state.revision > before
  }

  snapshotTaken(due: bigint): void {
    this.due = due
    this.offer()
  }

  private learn(state: StreamState): void {
    this.known = state
    this.offer()
  }

  /** Once offered, the next one is due when this one was taken; when it will not be, it is asked for again later. */
  private offer(): void {
    if (this.known.revision < this.due) return
    this.due = this.snapshots?.offer(this) ? NEVER : this.known.revision + (this.snapshots?.firstDue ?? 0n) + 1n
  }

  /** The latest snapshot and what came after it; undefined when there is none, or it is not of the stream that the log has. */
  private async fromSnapshot(): Promise<StreamState | undefined> {
    const found = await this.snapshots?.find(this.aggregate, this.stream)
    if (!found) return undefined
    const { state, due } = found
    const folded = await this.foldFromTip(state)
    if (folded) this.due = due
    else this.snapshots?.discard(this.aggregate, this.stream, state.revision)
    return folded
  }

  /**
   * Undefined when the log has another event, or none, where the snapshot says that it ends. When it says that the one at this revision is
   * archived, so much of the snapshot is true, and the events after it decide: that is what snapshots are for then.
   */
  private async foldFromTip(tip: StreamState): Promise<StreamState | undefined> {
    let folded: StreamState | undefined
    try {
      for await (const event of this.store.readStream(this.stream, { from: tip.revision })) {
        if (folded) folded = foldRecorded(this.aggregate, folded, event)
        else if (event.id === tip.lastId && event.position === tip.position) folded = tip
        else return undefined
      }
      return folded
    } catch (error) {
      if (!(error instanceof EventsArchived)) throw error
      return this.foldFrom(tip)
    }
  }

  private async foldFrom(start: StreamState): Promise<StreamState> {
    let state = start
    for await (const event of this.store.readStream(this.stream, { from: start.revision + 1n }))
      state = foldRecorded(this.aggregate, state, event)
    return state
  }
}
