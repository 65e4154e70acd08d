import { type Link } from '#mesh'
import { type Logger, reasonOf } from '#runtime'
import { CommittedBatch } from '../log/committed-batch.js'
import { type Tidings } from '../log/follow.js'
import { LiveFeed, Mailbox } from '../log/live-feed.js'
import { RecentRows } from '../log/recent-rows.js'
import { type EventFilter } from '../port.js'
import { wantedBy } from '../wanted.js'

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
  private readonly closing = new AbortController()
  /** On the process's monotonic clock. */
  private others_until_ms = -Infinity

  constructor(
    private readonly link: Pick<Link, 'subscribe'>,
    private readonly logger: Logger,
  ) {}

  /** An append of ours met one of another process. */
  metOthers(): void {
    this.others_until_ms = performance.now() + OTHERS_MS
    this.listenToAll()
  }

  /** For one who follows the log, until it is closed. Who wants some events only is sent no others. */
  open(only: EventFilter | undefined): Tidings {
    if (only) return this.openSome(only)
    const tidings = this.feed.open()
    this.listenToAll()
    return tidings
  }

  close(): void {
    this.closing.abort()
  }

  private openSome(only: EventFilter): Tidings {
    const stop = new AbortController()
    const mailbox = new Mailbox(() => stop.abort(), wantedBy(only))
    void this.keepListening(only, (batch) => mailbox.put(batch), stop.signal)
    return mailbox
  }

  /** Until nobody has any use for it. */
  private listenToAll(): void {
    if (this.listening) return
    this.listening = new AbortController()
    void this.keepListening(null, (batch) => this.told(batch), this.listening.signal)
  }

  private told(batch: CommittedBatch): void {
    const hasOthers = performance.now() < this.others_until_ms
    if (hasOthers) this.recent.put(batch)
    this.feed.publish(batch)
    if (hasOthers || !this.feed.isUnread) return
    this.listening?.abort()
    this.listening = undefined
  }

  private async keepListening(
    only: EventFilter | null,
    told: (batch: CommittedBatch) => void,
    stop: AbortSignal,
  ): Promise<void> {
    const signal = AbortSignal.any([stop, this.closing.signal])
    const goesOn = (): boolean => !signal.aborted
    while (goesOn()) {
      try {
        for await (const item of this.link.subscribe('commits', only, { signal })) {
          const [after, position, rows] = item as readonly [bigint, bigint, Buffer]
          told(new CommittedBatch(after, position, rows))
        }
      } catch (error) {
        if (goesOn()) this.logger.debug({ reason: reasonOf(error) }, 'no tidings from the writer; polling the log')
      }
      if (goesOn()) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
