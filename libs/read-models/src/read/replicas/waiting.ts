import { SubjectPlaces } from '../subject-places.js'
import { type Checkpoint } from './replica.js'

/** What a query needs to find at a replica. */
export interface Need {
  /** Whose checkpoints: each of them must be so far. None: whichever is the highest. */
  readonly of: readonly Checkpoint[]
  readonly minPosition: bigint
  /** Of the token of who asks. */
  readonly subject?: string | undefined
}

export interface WaitingOptions {
  /** At the same time. */
  readonly waits_max: number
  /** As many of them are one token subject's at most, once half of all are taken. */
  readonly ofSubject_max: number
  /** Is told when one more waits, and when none does any more. */
  readonly onChange: () => void
}

interface Waiter extends Need {
  wake(): void
}

/** Queries that wait for a replica to come far enough. Each sleeps until one has, or its time is up: none asks by itself. */
export class Waiting {
  private readonly waiters = new Set<Waiter>()
  private readonly places: SubjectPlaces

  constructor(private readonly options: WaitingOptions) {
    const { waits_max, ofSubject_max } = options
    this.places = new SubjectPlaces({ places_max: waits_max, ofSubject_max, who: 'queries' })
  }

  get size(): number {
    return this.waiters.size
  }

  /** @throws Problem `overloaded` when as many wait as may. */
  async wait(need: Need, ms_max: number): Promise<void> {
    const giveBack = this.places.take(need.subject)
    let waiter: Waiter | undefined
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms_max)
      const wake = (): void => {
        clearTimeout(timer)
        resolve()
      }
      waiter = { ...need, wake }
      this.waiters.add(waiter)
      this.options.onChange()
    })
    giveBack()
    if (waiter) this.waiters.delete(waiter)
    if (this.waiters.size === 0) this.options.onChange()
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
