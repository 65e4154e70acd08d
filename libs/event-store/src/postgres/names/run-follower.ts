import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, reasonOf } from '#runtime'
import { type Queryable } from './blocks.js'
import { type RunSet } from './run-set.js'

/** Between two looks at the list of runs: one query of some 30 rows. */
const POLL_MS = 5_000

/** Reads runs of names in advance while another leads, so that a takeover has to read what changed in the last seconds only. */
export class RunFollower {
  private stopping: AbortController | undefined
  private isClosed = false

  constructor(
    private readonly runs: RunSet,
    private readonly pool: Queryable,
    private readonly logger: Logger,
    private readonly poll_ms = POLL_MS,
  ) {}

  start(): void {
    if (this.stopping || this.isClosed) return
    this.stopping = new AbortController()
    // Nothing but being stopped ends it.
    this.follow(this.stopping.signal).catch(() => undefined)
  }

  /** From now on it changes nothing. */
  stop(): void {
    this.stopping?.abort()
    this.stopping = undefined
  }

  /** Stops it for good. */
  close(): void {
    this.isClosed = true
    this.stop()
  }

  private async follow(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.runs.refresh(this.pool, signal)
      } catch (error) {
        if (signal.aborted) return
        this.logger.warn({ reason: reasonOf(error) }, 'the runs of names could not be followed; trying again')
      }
      await sleep(this.poll_ms, undefined, { signal })
    }
  }
}
