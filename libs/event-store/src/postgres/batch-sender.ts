import { type Logger, reasonOf } from '#runtime'
import { faultBound } from '../fault-point.js'
import { StoreUnavailable } from '../port.js'
import { type AppendQueue, earliestOf, sizeOf, type Waiting } from '../log/append-queue.js'
import { type BatchLimit } from './batch-limit.js'
import { type CommittedBatch } from '../log/committed-batch.js'
import { type Sent, type Term } from './term.js'

/** Bytes of one transaction: larger ones gain nothing and make the next one wait longer. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024
/**
 * Keys, claims and streams of one transaction. More than this of small appends never come together; it keeps a batch within what a run of
 * names and the streams in memory can hold.
 */
const BATCH_NAMES_MAX = 16_384
/** Batches planned and not yet committed: while one is on its way, the next one is made. */
const IN_FLIGHT_MAX = 2
/** While a batch is in flight the next one is made early only when it is at least so large. */
const EARLY_EVENTS_MIN = faultBound('EARLY_EVENTS_MIN', 256)

/** Where the time of a batch went, in ms. */
export interface BatchTimes {
  readonly appends: number
  /** Of the append that waited longest, interactive or bulk: until its transaction was made, and the one before it committed. */
  readonly queued_ms: number
  /** Of the transaction alone. */
  readonly commit_ms: number
}

export interface BatchSenderOptions {
  readonly term: Pick<Term, 'send'>
  readonly queue: AppendQueue
  readonly limit: BatchLimit
  /** Of one batch, but for one append. Default 16,384. */
  readonly names_max?: number
  readonly logger: Logger
  committed(batch: CommittedBatch): void
  times(times: BatchTimes): void
  /** The term is over. Called for each batch of it that fails. */
  failed(): void
}

/**
 * Makes batches of what waits, and answers whoever waits. Each term has one of its own: what this one waits for may take longer than its
 * term lasts, and keeps nobody of the next one waiting.
 */
export class BatchSender {
  private isRunning = false
  private isStopped = false
  private inFlight = 0
  /** When the last batch was committed, ms on the process's monotonic clock. */
  private committed_ms = -Infinity
  private wake: (() => void) | undefined

  constructor(private readonly options: BatchSenderOptions) {}

  get isIdle(): boolean {
    return !this.isRunning && this.inFlight === 0
  }

  /** Something came into the queue. */
  notify(): void {
    if (!this.isRunning) void this.run()
    else if (this.options.queue.length >= EARLY_EVENTS_MIN) this.wake?.()
  }

  /** Takes no more from the queue. */
  stop(): void {
    this.isStopped = true
    this.wake?.()
  }

  private async run(): Promise<void> {
    const { queue, limit, names_max = BATCH_NAMES_MAX } = this.options
    this.isRunning = true
    // One turn of the event loop: requests of one frame come together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (!this.isStopped && queue.length > 0) {
      if (this.inFlight >= IN_FLIGHT_MAX || (this.inFlight > 0 && queue.length < EARLY_EVENTS_MIN)) {
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
        this.wake = undefined
        continue
      }
      await this.sendNext(queue.take(limit.events_max, BATCH_BYTES_MAX, names_max))
    }
    this.isRunning = false
  }

  private async sendNext(waiting: readonly Waiting[]): Promise<void> {
    this.inFlight += 1
    try {
      const sent = await this.options.term.send(waiting)
      void this.settle(waiting, sent, performance.now())
    } catch (error) {
      this.failed(waiting, error)
    }
  }

  private async settle(waiting: readonly Waiting[], sent: Sent, made_ms: number): Promise<void> {
    let committed: CommittedBatch | undefined
    try {
      committed = await sent.committed
    } catch (error) {
      this.failed(waiting, error)
      return
    }
    const begun_ms = Math.max(made_ms, this.committed_ms)
    this.committed_ms = performance.now()
    this.inFlight -= 1
    this.answer(waiting, sent, committed)
    const { limit, times } = this.options
    const queued_ms = begun_ms - earliestOf(waiting, begun_ms)
    const commit_ms = this.committed_ms - begun_ms
    if (committed) limit.committed(Number(committed.position - committed.after), commit_ms)
    this.safely(() => times({ appends: waiting.length, queued_ms, commit_ms }))
    this.wake?.()
  }

  /** It is committed: whoever throws here has a bug, and everybody else is told all the same, once. */
  private answer(waiting: readonly Waiting[], sent: Sent, batch: CommittedBatch | undefined): void {
    if (batch) this.safely(() => this.options.committed(batch))
    for (const [at, { append, waiter, index }] of waiting.entries()) {
      const verdict = sent.verdicts[at]
      if (verdict instanceof StoreUnavailable) this.safely(() => waiter.fail(index, verdict))
      else if (verdict) this.safely(() => waiter.settle(index, verdict, append))
    }
  }

  private safely(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.options.logger.error({ reason: reasonOf(error) }, 'somebody who was told of a batch failed')
    }
  }

  private failed(waiting: readonly Waiting[], error: unknown): void {
    const { limit, logger, failed } = this.options
    this.inFlight -= 1
    logger.error({ reason: reasonOf(error) }, 'a batch failed; whether it was committed is unknown')
    limit.failed(sizeOf(waiting).events)
    const unknown = new StoreUnavailable('the batch was interrupted', { cause: error })
    for (const { waiter, index } of waiting) waiter.fail(index, unknown)
    failed()
    this.wake?.()
  }
}
