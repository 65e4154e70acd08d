import { setTimeout as sleep } from 'node:timers/promises'
import { type Checkpoints } from './checkpoints.js'

/** Least time between two writes: what a crash makes to be sent again, and found done, is the work of so long. */
const SAVE_MS = 100

/** Writes a checkpoint down when it has moved: one write at a time, the newest only, and once more at the end. */
export class CheckpointKeeper {
  /** Why writing failed, after which nothing more is written. */
  failure: Error | undefined
  private wanted: bigint
  private saving: Promise<void> | undefined

  constructor(
    private readonly checkpoints: Checkpoints,
    private readonly process: string,
    private saved: bigint,
    private readonly onFailure: (error: Error) => void,
  ) {
    this.wanted = saved
  }

  moved(to: bigint): void {
    this.wanted = to
    if (this.failure === undefined && this.wanted !== this.saved)
      this.saving ??= this.save().finally(() => {
        this.saving = undefined
      })
  }

  async close(): Promise<void> {
    await this.saving
    if (this.failure === undefined && this.wanted !== this.saved) await this.save()
  }

  private async save(): Promise<void> {
    try {
      while (this.wanted !== this.saved) {
        const position = this.wanted
        await this.checkpoints.save(this.process, position)
        this.saved = position
        await sleep(SAVE_MS)
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
      this.onFailure(this.failure)
    }
  }
}
