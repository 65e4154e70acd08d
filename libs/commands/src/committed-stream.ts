import { type AnyAggregate, type RecordedEvent } from '#domain-kit'
import { type EventStore } from '#event-store'
import { emptyState, fold, type StreamState } from './stream-state.js'

/**
 * What is committed of one stream, as far as this process knows: always a state that the stream has had, never one that it
 * has not come to yet. Own appends and the tails of conflicts keep it up to date without a read.
 */
export class CommittedStream {
  private known: StreamState
  private isCertain = false
  /** The stream has come to this revision, whether or not its events are known here. */
  private seen = -1n

  constructor(
    private readonly store: EventStore,
    private readonly aggregate: AnyAggregate,
    private readonly stream: string,
  ) {
    this.known = emptyState(aggregate)
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

  /** An append of ours was committed, its last event at `position`. */
  appended(after: StreamState, position: bigint): void {
    if (after.revision > this.known.revision) this.known = { ...after, position }
  }

  /** A conflict: the stream is at `revision`, and `tail` is what the writer had not seen. Folded as far as it connects. */
  conflicted(revision: bigint, tail: readonly RecordedEvent[] | undefined): void {
    if (revision > this.seen) this.seen = revision
    for (const event of tail ?? []) {
      if (event.revision > this.known.revision + 1n) return
      if (event.revision > this.known.revision) this.known = fold(this.aggregate, this.known, event)
    }
  }

  /** Reads what is new. @returns whether anything was. @throws StoreUnavailable */
  async refresh(): Promise<boolean> {
    const before = this.known.revision
    let state = this.known
    for await (const event of this.store.readStream(this.stream, { from: before + 1n }))
      state = fold(this.aggregate, state, event)
    this.known = state
    this.isCertain = true
    return state.revision > before
  }
}
