/** What not every event store can do; a store declares which of these it can. */
export type Capability =
  /** Positions are 1, 2, 3, … without a gap. */
  | 'gapFreePositions'
  /** One append writes to several streams, or to none of them. */
  | 'multiStreamAppends'
  /** Names that may be taken once, and looking up who took one. */
  | 'claims'

/** A capability, and what of a domain it is needed for: `command "enter"`. */
export interface Need {
  readonly capability: Capability
  readonly of: string
}
