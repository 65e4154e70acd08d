import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Logger, reasonOf, withClient } from '#runtime'
import { isFenced } from '../commit.js'
import { nextStep } from './merge-plan.js'
import { mergeStep } from './merge-step.js'
import { type RunSet } from './run-set.js'

/** After each step nothing is done for so many times as long as the step took: appends go first. */
const PAUSES = 3
/** What was interrupted is begun again so much later. */
const RETRY_MS = 5_000

export interface MergerOptions {
  /** A new connection of the term, not connected yet. */
  readonly client: () => pg.Client
  /** The statement that holds the term. */
  readonly hold: string
  readonly names_per_run: number
  readonly logger: Logger
  /** Default {@link PAUSES}. */
  readonly pauses?: number | undefined
  /** Default {@link RETRY_MS}. */
  readonly retry_ms?: number
}

/**
 * Merges runs of names in the background of one term, so that there are never many: size-tiered, as log-structured merge trees do
 * (O'Neil and others, 1996). It may take its time; what it leaves half done the next one goes on with.
 */
export class Merger {
  private readonly stopping = new AbortController()
  private running: Promise<void> | undefined
  private isWanted = false

  constructor(
    private readonly runs: RunSet,
    private readonly options: MergerOptions,
  ) {}

  /** There may be something to merge. */
  wake(): void {
    this.isWanted = true
    this.running ??= this.run().finally(() => {
      this.running = undefined
    })
  }

  /** Until it has ended, after a few milliseconds; it never begins again. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    while (this.isWanted) {
      this.isWanted = false
      try {
        await this.mergeAll(signal)
      } catch (error) {
        if (signal.aborted || isFenced(error)) return
        this.options.logger.warn({ reason: reasonOf(error) }, 'merging runs of names was interrupted; trying again')
        this.isWanted = true
        await sleep(this.options.retry_ms ?? RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  private async mergeAll(signal: AbortSignal): Promise<void> {
    const { hold, names_per_run, logger, pauses = PAUSES } = this.options
    signal.throwIfAborted()
    await withClient(this.options.client(), async (client) => {
      for (;;) {
        // First, so that nothing is deleted that a lookup from now on asks for.
        const step = nextStep(await this.runs.refresh(client, signal))
        if (!step) return
        const begun_ms = performance.now()
        await mergeStep(client, step, { hold, names_per_run, signal })
        if (step.kind === 'swap') logger.info({ ...step.target }, 'merged runs of names')
        await sleep((performance.now() - begun_ms) * pauses, undefined, { signal })
      }
    })
  }
}
