import { type AnyAggregate, NotStorable } from '#domain-kit'
import { type Logger, reasonOf } from '#runtime'
import { type StreamState } from '../stream-state.js'
import { pack, unpack } from './pack.js'
import { type SnapshotStore } from './snapshot-store.js'

export interface SnapshotsOptions {
  readonly store: SnapshotStore
  readonly logger: Logger
  /**
   * Events of a stream between two snapshots, at least. Default 500: a load reads them in one page, in less time than a few
   * commands take, and a stream that never grows so long costs nothing.
   */
  readonly events_min?: number
  /** Share of the time that taking snapshots may take. Default 0.05. */
  readonly share_max?: number
}

/** A stream that a snapshot can be taken of. */
export interface SnapshotSource {
  readonly aggregate: AnyAggregate
  readonly stream: string
  /** What is committed, never more: events of a snapshot that the log does not have would be decided upon. */
  readonly state: StreamState
  /** It was taken, or could not be; the next one is of use from this revision on. */
  snapshotTaken(due: bigint): void
}

/** Streams that wait for their snapshot; those beyond are asked again when they have grown. */
const WAITING_MAX = 1_000
/** What an event takes in the log, in characters, about: so much of a snapshot is worth an event that need not be folded. */
const EVENT_LENGTH = 250

/**
 * Takes snapshots in the background, one at a time, and finds them again. The next one of a stream is due when its tail has become as large as the
 * snapshot: so all snapshots together cost no more to write than the events themselves, and a load takes at most twice what the state
 * alone takes, however long the history is. Nothing here ever fails a command.
 */
export class Snapshots {
  private readonly waiting = new Set<SnapshotSource>()
  private readonly refused = new Set<string>()
  private readonly events_min: number
  private readonly share_max: number
  private running: Promise<void> | undefined
  private isClosed = false
  private isFailing = false
  private wake: (() => void) | undefined

  constructor(private readonly options: SnapshotsOptions) {
    this.events_min = options.events_min ?? 500
    this.share_max = options.share_max ?? 0.05
  }

  /** Revision from which on a stream that has none should get one. */
  get firstDue(): bigint {
    return BigInt(this.events_min - 1)
  }

  /** The latest of a stream and what is due after it; undefined when there is none that can be used. Not yet held against the log. */
  async find(aggregate: AnyAggregate, stream: string): Promise<{ state: StreamState; due: bigint } | undefined> {
    if (aggregate.snapshot === 'never') return undefined
    try {
      const stored = await this.options.store.load(stream, aggregate.version)
      if (!stored) return undefined
      try {
        const { state, length } = await unpack(aggregate, stream, stored)
        return { state, due: this.dueAfter(state.revision, length) }
      } catch (error) {
        this.options.logger.warn({ stream, reason: reasonOf(error) }, 'a snapshot cannot be read; folding all events')
        this.discard(aggregate, stream, stored.revision)
      }
    } catch (error) {
      this.failed(stream, error)
    }
    return undefined
  }

  /**
   * One that does not fit the log is removed, so that it does not stand in the way of a better one. In the background: a command is
   * deciding without it already.
   */
  discard(aggregate: AnyAggregate, stream: string, revision: bigint): void {
    this.options.store
      .discard(stream, aggregate.version, revision)
      .catch((error: unknown) => this.failed(stream, error))
  }

  /** @returns whether one will be taken, of the state at that time. Costs the caller nothing. */
  offer(source: SnapshotSource): boolean {
    const { aggregate } = source
    const isRefused = aggregate.snapshot === 'never' || this.refused.has(aggregate.name)
    if (isRefused || this.isClosed || this.waiting.size >= WAITING_MAX) return false
    this.waiting.add(source)
    this.running ??= this.run()
    return true
  }

  /** Finishes the one in hand; those that wait are not taken. */
  async close(): Promise<void> {
    this.isClosed = true
    this.waiting.clear()
    this.wake?.()
    await this.running
    await this.options.store.close()
  }

  private async run(): Promise<void> {
    // Not on the path of the command that made it due.
    await new Promise<void>((resolve) => setImmediate(resolve))
    for (const source of this.waiting) {
      this.waiting.delete(source)
      const begun_ms = performance.now()
      await this.take(source)
      await this.rest((performance.now() - begun_ms) * (1 / this.share_max - 1))
      if (this.isClosed) break
    }
    this.running = undefined
  }

  private async rest(for_ms: number): Promise<void> {
    if (for_ms <= 0 || this.isClosed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, for_ms).unref()
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.wake = undefined
  }

  private async take(source: SnapshotSource): Promise<void> {
    const { aggregate, stream, state } = source
    try {
      const { snapshot, length } = await pack(aggregate, stream, state)
      await this.options.store.save(stream, aggregate.version, snapshot)
      source.snapshotTaken(this.dueAfter(state.revision, length))
      if (this.isFailing) this.options.logger.info({}, 'snapshots are taken again')
      this.isFailing = false
    } catch (error) {
      if (error instanceof NotStorable) this.refused.add(aggregate.name)
      this.failed(stream, error)
      source.snapshotTaken(this.dueAfter(state.revision, 0))
    }
  }

  private dueAfter(revision: bigint, length: number): bigint {
    return revision + BigInt(Math.max(this.events_min, Math.ceil(length / EVENT_LENGTH)))
  }

  private failed(stream: string, error: unknown): void {
    const { logger } = this.options
    if (this.isFailing) logger.debug({ stream, reason: reasonOf(error) }, 'a snapshot failed')
    else logger.warn({ stream, reason: reasonOf(error) }, 'a snapshot failed; commands are answered without')
    this.isFailing = true
  }
}
