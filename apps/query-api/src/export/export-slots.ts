import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '#runtime'

/** One running export. Its signal ends it: the reader left, stalled or took too long, its token expired, or this instance stops. */
export interface ExportSlot {
  /** Of the token of who asked for it. */
  readonly subject: string
  readonly signal: AbortSignal
  /** Ends the export, or what is left of it, and gives the place away. */
  end(reason?: string): void
}

export interface ExportSlotsOptions {
  /** Exports at the same time. */
  readonly running_max: number
  /** From the first to the last byte. Default one hour. */
  readonly lasts_ms_max?: number
  /** How long a planned stop waits for those that run. Default 5,000. */
  readonly drain_ms?: number
}

const DRAIN_POLL_MS = 20

/** How many exports run at the same time in this instance, and of those one for each token subject once half of the places are taken; one more is refused, never queued. */
export class ExportSlots {
  private readonly running = new Set<ExportSlot>()
  private isDraining = false

  constructor(private readonly options: ExportSlotsOptions) {}

  get size(): number {
    return this.running.size
  }

  /** @throws Problem `overloaded` */
  begin(subject: string): ExportSlot {
    const { running_max, lasts_ms_max = 3_600_000 } = this.options
    if (this.isDraining) throw Problem.of('overloaded', 'this instance is stopping')
    if (this.running.size >= running_max)
      throw Problem.of('overloaded', `${running_max} exports run here already`, { retryAfter_s: 5 })
    const isTheirs = [...this.running].some((each) => each.subject === subject)
    if (isTheirs && this.running.size >= running_max / 2)
      throw Problem.of('overloaded', 'an export of the subject of this token runs here already', { retryAfter_s: 5 })
    const controller = new AbortController()
    const slot: ExportSlot = {
      subject,
      signal: controller.signal,
      end: (reason = 'the export has ended') => {
        clearTimeout(limit)
        this.running.delete(slot)
        controller.abort(new Error(reason))
      },
    }
    const limit = setTimeout(() => slot.end('the export took too long'), lasts_ms_max)
    this.running.add(slot)
    return slot
  }

  /** Before a planned stop: no new ones, and those that run may come to their end for a while. */
  async drain(): Promise<void> {
    this.isDraining = true
    const end_ms = Date.now() + (this.options.drain_ms ?? 5_000)
    while (this.running.size > 0 && Date.now() < end_ms) await sleep(DRAIN_POLL_MS)
    for (const slot of [...this.running]) slot.end('this instance is stopping')
  }
}
