import { type Filter } from '#domain-kit'

/** How long whoever asks for a position waits for a source that has it, in ms. */
export const FRESH_MS_MAX = 2_000

/** A state of long ago: at a position, or after the last event at or before a time (ISO 8601, UTC, milliseconds). */
export type At = { readonly position: bigint } | { readonly time: string }

/** A declared filter and the value that was given for it, which is known to be one. */
export interface Condition {
  readonly filter: Filter
  readonly value: string
}

/** A declared order other than the log's. */
export interface Sort {
  readonly column: string
  readonly isDescending: boolean
}

/** What is asked of a list beyond its path. */
export interface ListQuery {
  /** Items of a page; of a stream, all when it is left out. */
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
  readonly where?: readonly Condition[] | undefined
  /** Log order, newest first, when it is left out. */
  readonly sort?: Sort | undefined
  readonly at?: At | undefined
}
