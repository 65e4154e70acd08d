import { type Projector } from '#read-models'
import { reasonOf } from '#runtime'
import { type LogHead } from './log-head.js'

const STILL_MS_MAX = 10_000

export interface ProgressOptions {
  readonly projector: Pick<Projector, 'lanes' | 'position' | 'batches' | 'isIndexingLive'>
  readonly head: Pick<LogHead, 'find'>
  /** So long a projector may stand still while the log is ahead of it. Default 10,000. */
  readonly still_ms_max?: number
  /** In ms, from any beginning; never goes back. Default: the process's. */
  readonly now_ms?: () => number
}

/** Why more may be there than is folded. */
interface Ahead {
  /** false: the log did not answer. */
  readonly isKnown: boolean
  readonly reason: string
}

/** Since when nothing was folded, though there is something, or nobody knows. */
interface Still extends Pick<Ahead, 'isKnown'> {
  readonly batches: number
  readonly since_ms: number
}

/**
 * Does the projector get on, measured against the end of the log? Whatever was logged or not: one that owns lanes and commits no batch for ten
 * seconds has stalled, if events were there all the while. It has not while it makes the indexes of what is live, for which its lanes wait.
 * Known only from a look at the beginning of that time and one at its end: nothing is measured between looks.
 */
export class Progress {
  private still: Still | undefined

  constructor(private readonly options: ProgressOptions) {}

  /** Asks the log once at most. @returns why it does not get on; undefined when it does, or as long as that is not known. */
  async check(): Promise<string | undefined> {
    const { projector, still_ms_max = STILL_MS_MAX, now_ms = () => performance.now() } = this.options
    const { batches } = projector
    const before = this.still?.batches === batches ? this.still : undefined
    const isExcused = projector.lanes.length === 0 || projector.isIndexingLive
    if (!isExcused && before && now_ms() - before.since_ms < still_ms_max) return undefined
    const ahead = isExcused ? undefined : await this.ahead()
    if (ahead && before?.isKnown === ahead.isKnown)
      return `nothing was folded for ${Math.floor((now_ms() - before.since_ms) / 1_000)} s; ${ahead.reason}`
    this.still = ahead && { batches, since_ms: now_ms(), isKnown: ahead.isKnown }
    return undefined
  }

  /** Undefined when all is folded. */
  private async ahead(): Promise<Ahead | undefined> {
    const { projector, head } = this.options
    try {
      const last = await head.find()
      const { position } = projector
      if (position !== undefined && position >= last) return undefined
      return { isKnown: true, reason: `the log is at ${last}, this instance at ${position ?? 'no position yet'}` }
    } catch (error) {
      return { isKnown: false, reason: `where the log ends is not known: ${reasonOf(error)}` }
    }
  }
}
