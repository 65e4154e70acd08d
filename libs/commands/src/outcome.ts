import { type Rejection } from '#domain-kit'
import { type AppendPlace, type StoreLimits } from '#event-store'

/** What became of a command. A bug is an exception; everything else is one of these, mapped to HTTP once. */
export type CommandOutcome =
  | { readonly kind: 'accepted'; readonly place: AppendPlace; readonly replayed: boolean }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  /** The key was used before, with another request. */
  | { readonly kind: 'key-reused' }
  /** `If-Match` does not hold; `revision` is the stream's, -1n without events. */
  | { readonly kind: 'revision-mismatch'; readonly revision: bigint }
  /** The events are beyond what the log takes. Nothing was appended, and no retry will be. */
  | {
      readonly kind: 'beyond-limit'
      readonly limit: keyof StoreLimits
      readonly actual: number
      readonly allowed: number
    }
  /** Other writers were faster, again and again. Nothing was appended. */
  | { readonly kind: 'contended' }
  /** It takes events that are archived: nothing was appended, and no retry helps before they are restored. */
  | { readonly kind: 'archived'; readonly reason: string }
  /**
   * The log did not answer in time: it was appended or not. `overloaded`: a queue is at its bound, and nothing of this attempt was taken.
   * Send it again with the same key.
   */
  | { readonly kind: 'unavailable'; readonly overloaded: boolean; readonly reason: string }
