import { type Random } from '#testing'
import { type Arena, type ArenaOptions } from '../arena/arena.js'

/** In short runs: a link to a writer takes this silence for death, in place of the 2,500 ms of the product. */
export const SHORT_LINK = { link_dead_ms: 800 } as const
/** Longer than that: a link looks every 160 ms how long it was silent. */
export const DEAD_LINK_MS = 1_100

/** One kind of fault test: what it stands on, and one round of it. */
export interface Scenario {
  readonly name: string
  /** Rounds when nobody says how many. */
  readonly cycles: number
  /** Of the faults that it injects: a run of a few rounds has met each. */
  readonly kinds: readonly string[]
  /** It breaks the database's server itself, and needs one of its own. */
  readonly breaksServer?: boolean
  /** @param isShort what lasts a while lasts no longer than it must to show. Default false. */
  open(random: Random, isShort?: boolean): Promise<Opened>
}

export interface Opened {
  readonly arena: ArenaOptions
  /** Injects one fault, or several in a row, and waits until the clients are answered again. */
  cycle(arena: Arena): Promise<void>
  close?(): Promise<void>
}
