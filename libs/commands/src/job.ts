import { type AnyCommand, type EventMetadata } from '#domain-kit'
import { type CommandOutcome } from './outcome.js'

/** A validated command: what the handler takes. */
export interface CommandRequest {
  readonly command: AnyCommand
  /** `ledger.post-transaction`: part of what is hashed. */
  readonly name: string
  readonly target: string
  readonly body: object
  /** Names this command within its target, for ever. */
  readonly key: string
  /** The revision the stream must have. */
  readonly ifMatch?: bigint
  readonly metadata: EventMetadata
  /** What programs send in bulk goes behind what people wait for. Default `interactive`. */
  readonly priority?: 'interactive' | 'bulk'
}

/** A failed attempt: others were there before, or the store did not take it. */
export type AttemptFailure = Extract<CommandOutcome, { readonly kind: 'contended' | 'unavailable' }>

/** A request on its way through the chain of its stream. */
export interface Job {
  readonly request: CommandRequest
  readonly hash: string
  /** Order of arrival; what must be tried again is tried again in this order. */
  readonly ordinal: number
  /** As `performance.now()` counts. */
  readonly deadline_ms: number
  attempts: number
  /**
   * The highest revision that an attempt stands upon which was sent and never answered (-1n: upon no events): it happened, or may
   * happen as long as the stream has not gone past it. Undefined without such an attempt.
   */
  unansweredAt: bigint | undefined
  /**
   * What is committed was read since it came, and since an attempt of it was not answered: it may be refused upon that, or upon anything
   * younger, however fast others append.
   */
  isFresh: boolean
  /** What the sender is told when there is no further attempt: how the last one failed. */
  failure: AttemptFailure | undefined
  settle(outcome: CommandOutcome): void
  /** For a bug. */
  fail(error: Error): void
}
