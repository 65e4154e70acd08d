import { EventLog } from '../log/event-log.js'
import { type Member } from './member.js'

/** Appends that may wait for the disk of the leader. */
const MAX_STALLED = 10_000

/** What the members of a double share: the log, who leads, and whether the leader's disk stands still. */
export class ClusterState {
  readonly log = new EventLog()
  readonly members: Member[] = []
  leader: Member | undefined
  #stalled: (() => void)[] | undefined

  stall(): void {
    this.#stalled ??= []
  }

  /** Writes what waited, in order, whether or not anyone still waits for the answer. */
  resume(): void {
    const waiting = this.#stalled ?? []
    this.#stalled = undefined
    for (const write of waiting) write()
  }

  /** What waited is lost with the leader that had it. */
  loseStalled(): void {
    if (this.#stalled !== undefined) this.#stalled = []
  }

  get stalls(): boolean {
    return this.#stalled !== undefined
  }

  wait(write: () => void): void {
    if (this.#stalled === undefined) throw new Error('nothing to wait for')
    if (this.#stalled.length >= MAX_STALLED)
      throw new Error(`more than ${MAX_STALLED} appends wait for a stalled double`)
    this.#stalled.push(write)
  }
}
