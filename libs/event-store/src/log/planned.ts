import { type Expected } from '../port.js'

/** Among the flags of a packed append. */
export const IS_BULK = 1
/** How a packed append names what it expects, by its place; a revision follows its name. */
export const EXPECTATIONS = ['any', 'none', 'exists', 'revision'] as const

/** A revision is a number here: 2^53 events of one stream are more than a log can hold. */
export type PlannedExpectation = Exclude<Expected, bigint> | number

export interface PlannedCheck {
  readonly stream: string
  readonly expected: PlannedExpectation
}

export interface PlannedWrite extends PlannedCheck {
  /** The event that must stand at `expected`, as `idOfTail` gives it. */
  readonly tip: string | undefined
  readonly events: number
  /** Where the tails of its events begin and end in the append's bytes. */
  readonly from: number
  readonly to: number
}

/** An append waiting for its turn: what the writer decides on is here, what it only copies stays bytes. */
export interface PlannedAppend {
  readonly bytes: Buffer
  /** Where the hash of the command's key stands, and where those of the claims, one after the other. */
  readonly keyAt: number
  readonly claimsAt: number
  readonly claims: number
  readonly writes: readonly PlannedWrite[]
  readonly checks: readonly PlannedCheck[]
  readonly events: number
  /** Of the events' tails. */
  readonly size_bytes: number
  /** Of all of it. */
  readonly packed_bytes: number
  /** Goes behind what people wait for. */
  readonly isBulk: boolean
}
