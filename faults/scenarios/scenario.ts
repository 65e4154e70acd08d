import { type Random } from '#testing'
import { type Arena, type ArenaOptions } from '../arena/arena.js'

/** One kind of fault test: what it stands on, and one round of it. */
export interface Scenario {
  readonly name: string
  /** Rounds when nobody says how many. */
  readonly cycles: number
  /** Of the faults that it injects: a run of a few rounds has met each. */
  readonly kinds: readonly string[]
  open(random: Random): Promise<Opened>
}

export interface Opened {
  readonly arena: ArenaOptions
  /** Injects one fault, or several in a row, and waits until the clients are answered again. */
  cycle(arena: Arena): Promise<void>
  close?(): Promise<void>
}
