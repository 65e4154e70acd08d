import { type Link } from '#mesh'
import { type Logger, reasonOf } from '#runtime'
import { CommittedBatch } from '../postgres/committed-batch.js'
import { type Tidings } from '../postgres/follow.js'
import { LiveFeed } from '../postgres/live-feed.js'
import { RecentRows } from '../postgres/recent-rows.js'
import { type Wanted } from '../wanted.js'

/** For so long after an append met those of others their commits are listened to. */
const OTHERS_MS = 60_000
const RETRY_MS = 200

/**
 * What the writer tells of commits, asked for only while it is of use: while somebody follows the log, or other processes append
 * to the same streams. Who is alone knows of its own appends without being sent them once more.
 */
export class CommitFeed {
  private readonly feed = new LiveFeed()
  /** What others appended lately. */
  readonly recent = new RecentRows()
  private listening: AbortController | undefined
  /** On the process's monotonic clock. */
  private others_until_ms = -Infinity
  private isClosed = false

  constructor(
    private readonly link: Pick<Link, 'subscribe'>,
    private readonly logger: Logger,
  ) {}

  /** An append of ours met one of another process. */
  metOthers(): void {
    this.others_until_ms = performance.now() + OTHERS_MS
    this.listen()
  }

  /** For one who follows the log, until it is closed. */
  open(wanted?: Wanted): Tidings {
    const tidings = this.feed.open(wanted)
    this.listen()
    return tidings
  }

  /** Until nobody has any use for it. */
  private listen(): void {
    if (this.listening || this.isClosed) return
    this.listening = new AbortController()
    void this.keepListening(this.listening.signal)
  }

  close(): void {
    this.isClosed = true
    this.stop()
  }

  private stop(): void {
    this.listening?.abort()
    this.listening = undefined
  }

  private told(batch: CommittedBatch): void {
    const hasOthers = performance.now() < this.others_until_ms
    if (hasOthers) this.recent.put(batch)
    this.feed.publish(batch)
    if (!hasOthers && this.feed.isUnread) this.stop()
  }

  private async keepListening(signal: AbortSignal): Promise<void> {
    const goesOn = (): boolean => !signal.aborted
    while (goesOn()) {
      try {
        for await (const item of this.link.subscribe('commits', null, { signal })) {
          const [after, position, rows] = item as readonly [bigint, bigint, Buffer]
          this.told(new CommittedBatch(after, position, rows))
        }
      } catch (error) {
        if (goesOn()) this.logger.debug({ reason: reasonOf(error) }, 'no tidings from the writer; polling the log')
      }
      if (goesOn()) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
