import { type ProcessManager, type RecordedEvent } from '#domain-kit'
import { type EventStore } from '#event-store'
import { type Logger, reasonOf } from '#runtime'
import { Backoff, type BackoffOptions } from './backoff.js'
import { type Checkpoints, StaleTerm } from './checkpoints.js'
import { CheckpointKeeper } from './checkpoint-keeper.js'
import { type Delivery, TargetArchived } from './delivery.js'
import { Progress } from './progress.js'

export interface RunnerOptions {
  readonly store: EventStore
  readonly delivery: Delivery
  readonly logger: Logger
  /** Events under way at the same time, at most. Default 256. */
  readonly open_max?: number
  /**
   * Events and runs of others that the checkpoint has not passed, at most, because one before them is not done yet: so much is gone through
   * once more after a crash. Default 10,000.
   */
  readonly ahead_max?: number
  /** Between attempts at an event that fails. Default 1 s, doubling to 1 min. */
  readonly retry?: BackoffOptions
}

/** Where a process manager stands still, and why. */
export interface Stuck {
  readonly position: bigint
  readonly reason: string
}

/**
 * One process manager on its way through the log: events of one stream one after the other, those of different streams at the same
 * time. An event that fails is tried again, more and more slowly; until it succeeds nothing new is taken up. One whose target's events are
 * archived is tried again in the same way, and holds back only what follows in its stream, as long as there is room for others:
 * a stream that nobody has touched for years must not stop all the others.
 */
export class Runner {
  /** Last position dealt with; undefined while it does not run. */
  position: bigint | undefined
  /** Why it cannot go on, until it does. */
  trouble: string | undefined
  private readonly failing = new Map<bigint, string>()
  private readonly archived = new Map<bigint, string>()
  /** Events that were begun with and are not done. */
  private inHand = 0
  private progress: Progress | undefined
  private readonly tails = new Map<string, Promise<void>>()
  private wake: (() => void) | undefined

  constructor(
    readonly manager: ProcessManager,
    private readonly options: RunnerOptions,
  ) {}

  /** Events that wait for what is archived; more may wait behind them. */
  get heldBack(): number {
    return this.archived.size
  }

  /** The first event that fails, or is held back when nothing else is under way and there is no room for more. */
  get stuck(): Stuck | undefined {
    const isArchiveInTheWay = this.isFull && this.inHand === this.archived.size
    const [first] = [...(isArchiveInTheWay ? this.archived : this.failing)].sort(([a], [b]) => (a < b ? -1 : 1))
    return first && { position: first[0], reason: first[1] }
  }

  /** Until the signal aborts or the term is over; what is in hand then has come to its end. */
  async run(checkpoints: Checkpoints, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ first_ms: 250, max_ms: 5_000 })
    while (!signal.aborted) {
      try {
        await this.follow(checkpoints, signal)
      } catch (error) {
        if (error instanceof StaleTerm) break
        this.trouble = reasonOf(error)
        this.options.logger.error(
          { process: this.manager.name, reason: this.trouble },
          'a process manager begins again',
        )
        await backoff.wait(signal)
      }
    }
    this.position = undefined
    // Whoever stands by has no trouble of its own.
    this.trouble = undefined
  }

  private async follow(checkpoints: Checkpoints, outer: AbortSignal): Promise<void> {
    const { store } = this.options
    const after = (await checkpoints.load(this.manager.name)) ?? (await this.begin(checkpoints))
    const progress = (this.progress = new Progress(after))
    const ending = new AbortController()
    const signal = AbortSignal.any([outer, ending.signal])
    const keeper = new CheckpointKeeper(checkpoints, this.manager.name, after, (error) => ending.abort(error))
    const moved = (): void => {
      this.position = progress.checkpoint
      keeper.moved(progress.checkpoint)
      this.wake?.()
    }
    this.trouble = undefined
    moved()
    signal.addEventListener('abort', () => this.wake?.(), { once: true })
    try {
      const only = { aggregates: [this.manager.of.name], types: this.manager.types }
      for await (const { events, position } of store.subscribe({ after, only, signal })) {
        for (const event of events) {
          await this.room(signal)
          this.take(event, progress.begin(event.position), moved, signal)
        }
        if (signal.aborted) break
        progress.pass(position)
        moved()
      }
    } finally {
      ending.abort()
      await Promise.all(this.tails.values())
      await keeper.close()
    }
    if (keeper.failure) throw keeper.failure
  }

  /** The first start is remembered, so that "from now on" stays the same moment. */
  private async begin(checkpoints: Checkpoints): Promise<bigint> {
    const position = this.manager.start === 'head' ? await this.options.store.head() : 0n
    await checkpoints.save(this.manager.name, position)
    return position
  }

  /** Until another event may be taken up. */
  private async room(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (this.isFull || this.failing.size > 0))
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
  }

  private get isFull(): boolean {
    const { open_max = 256, ahead_max = 10_000 } = this.options
    const { underWay = 0, open = 0 } = this.progress ?? {}
    return underWay >= open_max || open >= ahead_max
  }

  /** Behind the event of its stream that was taken up before it. */
  private take(event: RecordedEvent, done: () => void, moved: () => void, signal: AbortSignal): void {
    const { stream } = event
    const before = this.tails.get(stream) ?? Promise.resolve()
    const mine = before.then(async () => {
      this.inHand += 1
      if (await this.insist(event, signal)) done()
      this.inHand -= 1
      this.forget(event)
      moved()
      if (this.tails.get(stream) === mine) this.tails.delete(stream)
    })
    this.tails.set(stream, mine)
  }

  /** @returns whether the event is dealt with; false when the signal aborted first. */
  private async insist(event: RecordedEvent, signal: AbortSignal): Promise<boolean> {
    const { delivery, retry = { first_ms: 1_000, max_ms: 60_000 } } = this.options
    const backoff = new Backoff(retry)
    const goesOn = (): boolean => !signal.aborted
    while (goesOn()) {
      try {
        await delivery.deliver(this.manager, event, signal)
        return true
      } catch (error) {
        if (!goesOn()) break
        this.failed(event, error)
        await backoff.wait(signal)
      }
    }
    return false
  }

  private failed(event: RecordedEvent, error: unknown): void {
    const { position, type } = event
    const reason = reasonOf(error)
    const about = { process: this.manager.name, position: position.toString(), type, reason }
    this.forget(event)
    if (error instanceof TargetArchived) {
      this.options.logger.warn(about, 'an event waits until what its target needs is restored from the archive')
      this.archived.set(position, reason)
    } else {
      this.options.logger.error(about, 'an event stops its process manager')
      this.failing.set(position, reason)
    }
    this.wake?.()
  }

  /** How the last attempt at it failed, if it did. */
  private forget({ position }: RecordedEvent): void {
    this.failing.delete(position)
    this.archived.delete(position)
  }
}
