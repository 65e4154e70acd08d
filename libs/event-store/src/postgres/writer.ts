import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { type Leadership } from '#leadership'
import { type Logger, reasonOf } from '#runtime'
import { faultPoint } from '../fault-point.js'
import { StoreUnavailable } from '../port.js'
import { AppendQueue, QUEUE_BOUNDS, type Waiter } from '../log/append-queue.js'
import { BatchLimit } from './batch-limit.js'
import { BatchSender, type BatchTimes } from './batch-sender.js'
import { type CommittedBatch } from '../log/committed-batch.js'
import { RunFollower } from './names/run-follower.js'
import { RunSet } from './names/run-set.js'
import { type PlannedAppend } from '../log/planned.js'
import { Term } from './term.js'

export interface WriterOptions {
  readonly url: string
  readonly leadership: Leadership
  readonly name: string
  readonly logger: Logger
  /** For reading what is not in memory. */
  readonly pool: pg.Pool
  /** Appends that may wait. Default 16,384; beyond that, or 256 MiB of them, an append is refused as overloaded. */
  readonly queue_max?: number | undefined
  /** Names in one run, a power of two. */
  readonly names_per_run?: number | undefined
  /** How long merging runs of names gives way after each step, in times that the step took. Default 3. */
  readonly merge_pauses?: number | undefined
}

/**
 * The serialized writer: one queue, and what arrives while a batch is being committed is the next batch (natural batching,
 * as databases do group commit). Writes only while it leads; the fence in each transaction is what makes that true.
 */
export class Writer extends EventEmitter<{
  committed: [CommittedBatch]
  times: [BatchTimes]
  leading: [epoch: bigint | undefined]
}> {
  private readonly queue: AppendQueue
  private readonly limit = new BatchLimit()
  private readonly runs = new RunSet()
  private readonly follower: RunFollower
  private term: Term | undefined
  /** Of the term. */
  private sender: BatchSender | undefined

  constructor(private readonly options: WriterOptions) {
    super()
    // One for each who follows the commits, over a link or here.
    this.setMaxListeners(0)
    this.queue = new AppendQueue({ ...QUEUE_BOUNDS, appends: options.queue_max ?? QUEUE_BOUNDS.appends })
    options.leadership.on('gained', (epoch) => void this.begin(epoch))
    options.leadership.on('lost', () => {
      this.follower.start()
      void this.end('this writer leads no longer')
    })
    this.follower = new RunFollower(this.runs, options.pool, options.logger)
    this.follower.start()
  }

  get leads(): boolean {
    return this.term !== undefined
  }

  /** The epoch under which it takes appends; undefined while it does not lead. Each change is emitted as `leading`. */
  get epoch(): bigint | undefined {
    return this.term?.epoch
  }

  /** Position of the last event this writer knows to be committed; undefined while it does not lead. */
  get position(): bigint | undefined {
    return this.term === undefined ? undefined : BigInt(this.term.position)
  }

  get waiting(): number {
    return this.queue.length
  }

  /** Takes appends that came together. Each is settled or fails by itself. */
  submit(appends: readonly PlannedAppend[], waiter: Waiter): void {
    const since_ms = performance.now()
    for (const [index, append] of appends.entries()) {
      const refusal = this.refusal(append)
      if (refusal) waiter.fail(index, refusal)
      else this.queue.push({ append, waiter, index, since_ms })
    }
    this.sender?.notify()
  }

  private refusal(append: PlannedAppend): StoreUnavailable | undefined {
    if (!this.term) return new StoreUnavailable('this writer does not lead')
    return this.queue.hasRoomFor(append)
      ? undefined
      : new StoreUnavailable(`${this.queue.length} appends are waiting already`, { overloaded: true })
  }

  /** @returns the position of the append that took the name; 0 when nobody did. @throws StoreUnavailable unless it leads. */
  async find(hash: Buffer): Promise<number> {
    if (!this.term) throw new StoreUnavailable('this writer does not lead')
    try {
      return await this.term.find(hash)
    } catch (error) {
      throw new StoreUnavailable('the names cannot be read', { cause: error })
    }
  }

  /** Writes what is waiting, then ends the term. */
  async close(): Promise<void> {
    while (this.sender?.isIdle === false) await new Promise<void>((resolve) => setImmediate(resolve))
    this.follower.close()
    await this.end('this writer is stopping')
  }

  private async begin(epoch: bigint): Promise<void> {
    const { url, name, logger, leadership, pool, names_per_run, merge_pauses } = this.options
    faultPoint('in-takeover')
    this.follower.stop()
    try {
      const term = await Term.open({ url, name, epoch, pool, logger, runs: this.runs, names_per_run, merge_pauses })
      if (leadership.epoch === epoch) {
        this.term = term
        this.sender = this.senderOf(term)
        this.emit('leading', epoch)
      } else await term.close()
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'the term could not begin; trying again')
      this.beginLater(epoch, 200)
    }
  }

  private senderOf(term: Term): BatchSender {
    const { queue, limit, options } = this
    return new BatchSender({
      term,
      queue,
      limit,
      ...(options.names_per_run === undefined ? {} : { names_max: options.names_per_run }),
      logger: options.logger,
      committed: (batch) => this.emit('committed', batch),
      times: (times) => this.emit('times', times),
      failed: () => {
        if (this.term !== term) return
        void this.end('the batch before was interrupted')
        this.beginLater(options.leadership.epoch, 100)
      },
    })
  }

  private beginLater(epoch: bigint | undefined, after_ms: number): void {
    if (epoch === undefined) return
    setTimeout(() => {
      if (this.options.leadership.epoch === epoch && !this.term) void this.begin(epoch)
    }, after_ms)
  }

  private async end(reason: string): Promise<void> {
    const { term, sender } = this
    this.term = undefined
    this.sender = undefined
    sender?.stop()
    if (term) this.emit('leading', undefined)
    for (const { waiter, index } of this.queue.drain()) waiter.fail(index, new StoreUnavailable(reason))
    await term?.close()
  }
}
