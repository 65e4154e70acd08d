import { EventEmitter } from 'node:events'
import { type Leadership } from '#leadership'
import { type Logger, reasonOf } from '#runtime'
import { faultPoint } from '../fault-point.js'
import { type AppendPlace, type AppendRequest, type EventBatch, StoreUnavailable } from '../port.js'
import { type Candidate, candidate } from './batch.js'
import { type BatchOutcome, Term } from './term.js'

export interface WriterOptions {
  readonly url: string
  readonly leadership: Leadership
  readonly name: string
  readonly logger: Logger
  /** Appends that may wait. Default 16,384; beyond that an append is refused as overloaded. */
  readonly queue_max?: number
  /** Events in one transaction. Default 2,000. */
  readonly batch_events_max?: number
}

/** What the writer could not settle from memory: the caller looks it up in the log. */
export type Settled =
  | ({ readonly outcome: 'appended' } & AppendPlace)
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'conflict'; readonly stream: string }

interface Waiting extends Candidate {
  resolve(result: Settled): void
  reject(error: Error): void
}

/**
 * The serialized writer: one queue, one batch in flight, and what arrived meanwhile is the next batch (natural batching,
 * as databases do group commit). Writes only while it leads; the fence in each transaction is what makes that true.
 */
export class Writer extends EventEmitter<{ committed: [EventBatch]; leading: [epoch: bigint | undefined] }> {
  private readonly queue: Waiting[] = []
  private term: Term | undefined
  private running = false
  private readonly queue_max: number
  private readonly batch_events_max: number

  constructor(private readonly options: WriterOptions) {
    super()
    this.queue_max = options.queue_max ?? 16_384
    this.batch_events_max = options.batch_events_max ?? 2_000
    options.leadership.on('gained', (epoch) => void this.begin(epoch))
    options.leadership.on('lost', () => void this.end('this writer leads no longer'))
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
    return this.term?.position
  }

  get waiting(): number {
    return this.queue.length
  }

  async append(request: AppendRequest): Promise<Settled> {
    if (!this.term) throw new StoreUnavailable('this writer does not lead')
    if (this.queue.length >= this.queue_max)
      throw new StoreUnavailable(`${this.queue_max} appends are waiting already`, { overloaded: true })
    return new Promise<Settled>((resolve, reject) => {
      this.queue.push({ ...candidate(request), resolve, reject })
      if (!this.running) void this.run()
    })
  }

  /** Writes what is waiting, then ends the term. */
  async close(): Promise<void> {
    while (this.running && this.term) await new Promise<void>((resolve) => setImmediate(resolve))
    await this.end('this writer is stopping')
  }

  private async begin(epoch: bigint): Promise<void> {
    const { url, name, logger } = this.options
    faultPoint('in-takeover')
    try {
      const term = await Term.open({ url, name, epoch, logger })
      if (this.options.leadership.epoch === epoch) {
        this.term = term
        this.emit('leading', epoch)
      } else await term.close()
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'the term could not begin; trying again')
      setTimeout(() => {
        if (this.options.leadership.epoch === epoch) void this.begin(epoch)
      }, 200)
    }
  }

  private async end(reason: string): Promise<void> {
    const { term } = this
    this.term = undefined
    if (term) this.emit('leading', undefined)
    for (const each of this.queue.splice(0)) each.reject(new StoreUnavailable(reason))
    await term?.close()
  }

  private async run(): Promise<void> {
    this.running = true
    // One turn of the event loop: requests of one frame come together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.term && this.queue.length > 0) await this.writeNext(this.term, this.take())
    this.running = false
  }

  private take(): Waiting[] {
    let events = 0
    let count = 0
    for (const { size } of this.queue) {
      if (count > 0 && events + size > this.batch_events_max) break
      events += size
      count += 1
    }
    return this.queue.splice(0, count)
  }

  private async writeNext(term: Term, batch: readonly Waiting[]): Promise<void> {
    try {
      this.settle(await term.write(batch), new Map(batch.map((each) => [each, each])))
    } catch (error) {
      this.options.logger.error({ reason: reasonOf(error) }, 'a batch failed; whether it was committed is unknown')
      const unknown = new StoreUnavailable('the batch was interrupted', { cause: error })
      for (const each of batch) each.reject(unknown)
      const { epoch } = this.options.leadership
      if (this.term === term) await this.end('the batch before was interrupted')
      if (epoch !== undefined) setTimeout(() => this.options.leadership.epoch === epoch && void this.begin(epoch), 100)
    }
  }

  private settle(outcome: BatchOutcome, waiting: ReadonlyMap<Candidate, Waiting>): void {
    const { committed, appended, refused, taken, later } = outcome
    if (committed) this.emit('committed', committed)
    for (const { candidate: each, place } of appended)
      if (place !== 'busy' && !('conflict' in place)) waiting.get(each)?.resolve({ outcome: 'appended', ...place })
    for (const each of taken) waiting.get(each)?.resolve({ outcome: 'taken' })
    for (const { candidate: each, stream } of refused) waiting.get(each)?.resolve({ outcome: 'conflict', stream })
    this.queue.unshift(...later.flatMap((each) => waiting.get(each) ?? []))
  }
}
