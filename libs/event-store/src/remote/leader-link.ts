import { setTimeout as sleep } from 'node:timers/promises'
import { type Link, LinkError, type RequestOptions, Sleepers, type SubscribeOptions } from '#mesh'
import { type Logger, reasonOf } from '#runtime'
import { type StoreLink } from './remote-store.js'

/** Requests that may wait for a leader. */
const WAITING_MAX = 8_192
const TIMEOUT_MS = 30_000
const LISTEN_AGAIN_MS = 50

/** A writer that says it leads, and what was asked of it and is not answered. */
interface Term {
  readonly link: Link
  readonly epoch: bigint
  readonly ended: AbortController
  readonly pending: Set<(error: Error) => void>
}

/**
 * One link to each writer; what is asked goes to the one that says it leads, under the highest epoch anybody has named.
 * Only a hint for speed: that an append reaches the log through one leader only is the fence's work. Without a leader
 * requests wait for one. When another takes over, what is pending at the old one fails as `unavailable` at once, however
 * long that one stays silent: its outcome is unknown, and the command id makes asking again safe.
 */
export class LeaderLink implements StoreLink {
  private term: Term | undefined
  /** Of the highest term that was ever announced: a leader that wakes up after it is not believed. */
  private highest = 0n
  private readonly stop = new AbortController()
  private readonly waiting = new Sleepers()

  constructor(
    private readonly links: readonly Link[],
    private readonly logger: Logger,
  ) {
    for (const link of links) void this.listenTo(link)
  }

  async request(method: string, payload: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { timeout_ms = TIMEOUT_MS, signal } = options
    const deadline_ms = performance.now() + timeout_ms
    const { link, pending } = this.term ?? (await this.leader(deadline_ms, signal))
    const left_ms = Math.max(1, deadline_ms - performance.now())
    return new Promise((resolve, reject) => {
      pending.add(reject)
      link.request(method, payload, { timeout_ms: left_ms, ...(signal ? { signal } : {}) }).then(
        (value) => {
          pending.delete(reject)
          resolve(value)
        },
        (error: unknown) => {
          pending.delete(reject)
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }

  /** Ends with the term: where to go on from is the subscriber's knowledge. */
  async *subscribe(method: string, payload: unknown, { signal, credit }: SubscribeOptions = {}): AsyncGenerator {
    const term = this.term ?? (await this.leader(performance.now() + TIMEOUT_MS, signal))
    const both = signal ? AbortSignal.any([signal, term.ended.signal]) : term.ended.signal
    yield* term.link.subscribe(method, payload, { signal: both, ...(credit === undefined ? {} : { credit }) })
  }

  async close(): Promise<void> {
    this.stop.abort()
    this.end('closed', 'the link was closed')
    this.waiting.wake()
    await Promise.all(this.links.map((each) => each.close()))
  }

  private async listenTo(link: Link): Promise<void> {
    const { signal } = this.stop
    while (!signal.aborted) {
      try {
        for await (const epoch of link.subscribe('leading', null, { signal }))
          this.hear(link, typeof epoch === 'bigint' ? epoch : undefined)
      } catch (error) {
        this.logger.debug({ reason: reasonOf(error) }, 'a writer no longer says whether it leads')
      }
      this.hear(link, undefined)
      await sleep(LISTEN_AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  private hear(link: Link, epoch: bigint | undefined): void {
    if (epoch === undefined) {
      if (this.term?.link === link) this.end('unavailable', 'this writer leads no longer')
      return
    }
    if (epoch < this.highest || this.stop.signal.aborted) return
    if (this.term?.link === link && this.term.epoch === epoch) return
    this.end('unavailable', 'another writer leads by now')
    this.highest = epoch
    this.term = { link, epoch, ended: new AbortController(), pending: new Set() }
    this.logger.info({ epoch: epoch.toString() }, 'appends go to the leader of this epoch')
    this.waiting.wake()
  }

  private end(kind: 'unavailable' | 'closed', reason: string): void {
    const { term } = this
    this.term = undefined
    term?.ended.abort()
    for (const reject of term?.pending ?? []) reject(new LinkError(kind, reason, true))
  }

  private async leader(deadline_ms: number, signal?: AbortSignal): Promise<Term> {
    if (this.waiting.size >= WAITING_MAX)
      throw new LinkError('overloaded', 'too many requests wait for a leader', false)
    for (;;) {
      if (this.stop.signal.aborted) throw new LinkError('closed', 'the link was closed', false)
      if (signal?.aborted) throw new LinkError('closed', 'the caller gave up', false, { cause: signal.reason })
      if (this.term) return this.term
      if (performance.now() >= deadline_ms) throw new LinkError('timeout', 'no event writer leads', false)
      await this.waiting.sleep(deadline_ms - performance.now(), signal)
    }
  }
}
