import { type Checkpoint } from './replica.js'

/** What a query needs to find at a replica. */
export interface Need {
  /** Whose checkpoints: each of them must be so far. None: whichever is the highest. */
  readonly of: readonly Checkpoint[]
  readonly minPosition: bigint
}

interface Waiter extends Need {
  wake(): void
}

/** Queries that wait for a replica to come far enough. Each sleeps until one has, or its time is up: none asks by itself. */
export class Waiting {
  private readonly waiters = new Set<Waiter>()

  /** @param onChange is told when one more waits, and when none does any more. */
  constructor(private readonly onChange: () => void) {}

  get size(): number {
    return this.waiters.size
  }

  async wait(need: Need, ms_max: number): Promise<void> {
    let waiter: Waiter | undefined
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms_max)
      const wake = (): void => {
        clearTimeout(timer)
        resolve()
      }
      waiter = { ...need, wake }
      this.waiters.add(waiter)
      this.onChange()
    })
    if (waiter) this.waiters.delete(waiter)
    if (this.waiters.size === 0) this.onChange()
  }

  /** Does one wait for no more than this? */
  isFor(position: bigint): boolean {
    for (const { minPosition } of this.waiters) if (minPosition <= position) return true
    return false
  }

  /** Wakes those for whom enough is known now. */
  wakeIf(isEnough: (need: Need) => boolean): void {
    for (const waiter of this.waiters) if (isEnough(waiter)) waiter.wake()
  }
}
