import { CommittedBatch } from '../log/committed-batch.js'
import { wantedRows } from '../log/event-bytes.js'
import { type Wanted } from '../wanted.js'

/** What one subscriber may have waiting; beyond either it is dropped, and the subscriber reads the log. */
const WAITING_BATCHES_MAX = 64
const WAITING_BYTES_MAX = 16 * 1024 * 1024
/** How far the log has come is told so often where nothing is wanted: before whoever follows it looks for himself. */
const QUIET_MS = 100
const NOTHING = Buffer.alloc(0)

/**
 * Commits on their way to one subscriber, without what it does not want: commits of which nothing is wanted wait for the next one of which
 * something is, or are told together. A slow subscriber loses tidings, not events: it reads the log where the chain of batches breaks.
 */
export class CommitOutbox {
  private waiting: CommittedBatch[] = []
  private waiting_bytes = 0
  private passedOver: CommittedBatch | undefined
  private timer: NodeJS.Timeout | undefined

  /** @param wake called when there is something to take. */
  constructor(
    private readonly wanted: Wanted | undefined,
    private readonly wake: () => void,
  ) {}

  put(batch: CommittedBatch): void {
    const { position } = batch
    if (this.waiting.length >= WAITING_BATCHES_MAX || this.waiting_bytes >= WAITING_BYTES_MAX) this.drop()
    if (this.passedOver && this.passedOver.position !== batch.after) this.tellPassedOver()
    const after = this.passedOver?.after ?? batch.after
    const rows = this.wanted ? wantedRows(batch.rows, this.wanted) : batch.rows
    if (rows.length > 0) {
      this.passedOver = undefined
      this.send(new CommittedBatch(after, position, rows))
    } else {
      this.passedOver = new CommittedBatch(after, position, NOTHING)
      this.timer ??= setTimeout(() => {
        this.timer = undefined
        this.tellPassedOver()
      }, QUIET_MS)
    }
  }

  take(): CommittedBatch | undefined {
    const batch = this.waiting.shift()
    this.waiting_bytes -= batch?.rows.length ?? 0
    return batch
  }

  close(): void {
    clearTimeout(this.timer)
    this.drop()
  }

  private send(batch: CommittedBatch): void {
    this.waiting.push(batch)
    this.waiting_bytes += batch.rows.length
    this.wake()
  }

  private tellPassedOver(): void {
    const batch = this.passedOver
    this.passedOver = undefined
    if (batch) this.send(batch)
  }

  private drop(): void {
    this.waiting = []
    this.waiting_bytes = 0
    this.passedOver = undefined
  }
}
