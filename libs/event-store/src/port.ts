import { type Capability, type EventMetadata, type Json, type RecordedEvent } from '#domain-kit'

/**
 * An event before the store has given it its place. Data and metadata, which command it was included, take at most
 * `limits.event_size_bytes` as JSON.
 */
export interface NewEvent {
  /**
   * UUID, unique in the log: of one decision. The same when an append is sent again as it was, another one when its command is decided
   * anew, if only to the same effect: a `tip` must tell the two apart. That a command was appended before is told by its key.
   */
  readonly id: string
  readonly type: string
  readonly version: number
  readonly data: object
  readonly metadata: EventMetadata & { readonly [key: string]: Json | undefined }
}

/** What a stream must look like for an append: at this revision, without events, with events, or anything. */
export type Expected = bigint | 'none' | 'exists' | 'any'

export interface StreamWrite {
  readonly stream: string
  readonly expected: Expected
  /**
   * Id of the event that must stand at `expected` (a revision): conflict when another event has taken that place. What makes
   * it safe to send a chain of appends to one stream without waiting: when one of them fails, or its key was taken before, all that
   * were decided on top of it fail too, even if somebody else's events fill the revisions.
   */
  readonly tip?: string
  readonly events: readonly NewEvent[]
}

export interface StreamCheck {
  readonly stream: string
  readonly expected: Expected
}

/** A name within a stream that may be taken once, for ever. */
export interface StreamClaim {
  readonly stream: string
  readonly name: string
}

/** Names one command, for ever: `key` within its target `stream`. */
export interface CommandId {
  readonly stream: string
  readonly key: string
}

/** Commits all of it or nothing. */
export interface AppendRequest {
  readonly commandId: CommandId
  /** SHA-256 (hex or base64) of what was asked: equal for an honest retry, different for a reused key. */
  readonly requestHash: string
  /** At least one write; the first is the command's target and the one the result speaks of. It has at least one event. */
  readonly writes: readonly StreamWrite[]
  readonly claims?: readonly StreamClaim[]
  readonly checks?: readonly StreamCheck[]
  /** False: a conflict need not carry the missing tail. Of a chain of appends that fail together one tail is enough. Default true. */
  readonly needsTail?: boolean
  /** What programs send in bulk goes behind what people wait for, except within one stream. Default `interactive`. */
  readonly priority?: 'interactive' | 'bulk'
}

/** Where the last event of the first write stands. */
export interface AppendPlace {
  readonly stream: string
  readonly revision: bigint
  readonly position: bigint
}

export type AppendResult =
  /** `isContended`: others were refused there a moment ago, and may be waiting for their turn. */
  | ({ readonly outcome: 'appended'; readonly isContended?: boolean } & AppendPlace)
  /** This command was appended before, with the same request hash: the original result. */
  | ({ readonly outcome: 'replayed' } & AppendPlace)
  /** The command key was used before with another request hash. */
  | { readonly outcome: 'mismatch'; readonly position: bigint }
  /** A claim is taken. `place` and `requestHash` are those of the append that took it. */
  | {
      readonly outcome: 'claimed'
      readonly claim: StreamClaim
      readonly requestHash: string
      readonly place: AppendPlace
    }
  /**
   * An expectation does not hold. `revision` is the stream's current one, -1n without events. `tail` holds the events after
   * the expected revision when they fit `limits.conflict_tail_events` and `conflict_tail_bytes` and were asked for; otherwise it is undefined and the stream must be read.
   */
  | {
      readonly outcome: 'conflict'
      readonly stream: string
      readonly revision: bigint
      readonly tail: readonly RecordedEvent[] | undefined
    }

/** What `recall` and `findClaim` answer: an earlier append. */
export interface Recalled extends AppendPlace {
  readonly requestHash: string
}

export type Direction = 'forwards' | 'backwards'

export interface ReadStreamOptions {
  /** First revision to read (inclusive). Default: the first in the given direction. */
  readonly from?: bigint
  readonly direction?: Direction
  /** Default: all. */
  readonly limit?: number
}

export interface ReadAllOptions {
  /** Read events after this position (exclusive) when forwards; before it (exclusive) when backwards. */
  readonly after?: bigint
  readonly direction?: Direction
  readonly limit?: number
  /** Ends the reading early, after the page in hand at the latest. */
  readonly signal?: AbortSignal
}

/** Events of these aggregates and of these types; by default of all. */
export interface EventFilter {
  readonly aggregates?: readonly string[]
  readonly types?: readonly string[]
}

export interface SubscribeOptions {
  /** Last position already seen; 0n for the whole log. */
  readonly after: bigint
  /** Bring only these: others are passed over before anybody looks into them. Default: all. */
  readonly only?: EventFilter
  /** Most events in one batch. Default 1,000. */
  readonly batch_max?: number
  readonly signal?: AbortSignal
}

/**
 * A contiguous run of the log: `events` are all events after `after` up to `position`, in order, as far as they are wanted. Empty
 * only where none of those is wanted, or where positions have gaps and nothing stands up to `position`.
 */
export interface EventBatch {
  readonly after: bigint
  readonly position: bigint
  readonly events: readonly RecordedEvent[]
}

export interface StoreLimits {
  readonly event_size_bytes: number
  readonly events_per_append: number
  /** Names beside its key that an append takes. */
  readonly claims_per_append: number
  /** Streams that an append is bound to without an event for them: checks, and writes that have none. */
  readonly checks_per_append: number
  /** Of all events of an append together. */
  readonly append_size_bytes: number
  readonly stream_name_bytes: number
  readonly conflict_tail_events: number
  /** Of a tail, roughly, as it takes place in memory. */
  readonly conflict_tail_bytes: number
}

export const DEFAULT_LIMITS: StoreLimits = {
  event_size_bytes: 2 * 1024 * 1024,
  events_per_append: 1_000,
  claims_per_append: 1_000,
  checks_per_append: 1_000,
  append_size_bytes: 8 * 1024 * 1024,
  stream_name_bytes: 512,
  conflict_tail_events: 1_000,
  conflict_tail_bytes: 4 * 1024 * 1024,
}

/** What this store can do of what not every store can. */
export type StoreCapabilities = Readonly<Record<Capability, boolean>>

/**
 * The log. Every adapter passes one contract suite (`contract.ts`).
 *
 * All methods throw {@link StoreUnavailable} when the log cannot be reached in time (an append may then have happened or
 * not: send it again with the same command id), and {@link StoreLimitExceeded} for a request beyond `limits`. Reads throw
 * {@link EventsArchived} rather than leave out what is no longer there. Appends throw {@link InvalidStreamName}. An append without an event for its target throws RangeError,
 * and nothing of it happens: there would be no place to remember its key with.
 */
export interface EventStore {
  readonly capabilities: StoreCapabilities
  readonly limits: StoreLimits
  append(request: AppendRequest): Promise<AppendResult>
  /** The result of an earlier append with this command id. */
  recall(id: CommandId): Promise<Recalled | undefined>
  /** The append that took this claim. */
  findClaim(claim: StreamClaim): Promise<Recalled | undefined>
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>
  /**
   * What this process happens to have been told of a stream beyond a revision (-1n for its beginning), asking nobody: the events
   * that follow, without a hole. None says nothing. Stores that are told of nothing lack it.
   */
  news?(stream: string, after: bigint): readonly RecordedEvent[]
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>
  /** Catch-up, then live, contiguous by construction; ends when the signal aborts; resumes by itself after an outage. */
  subscribe(options: SubscribeOptions): AsyncIterable<EventBatch>
  /** Position of the last event, 0n for an empty log. */
  head(): Promise<bigint>
  close(): Promise<void>
}

/** The log cannot be reached or did not answer in time. Retryable with the same command id. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly retryable = true
  constructor(message: string, options: ErrorOptions & { readonly overloaded?: boolean } = {}) {
    super(message, options)
    this.overloaded = options.overloaded ?? false
  }
  /** The store refused because its queue is full; nothing was appended. */
  readonly overloaded: boolean
}

/** What is kept of a part of the log that was taken out of it. */
export interface Archive {
  /** Of the partition. */
  readonly name: string
  /** Positions, both included. */
  readonly first: bigint
  readonly last: bigint
  /** Where its events were written to. */
  readonly file: string
}

/** Events that were asked for are archived. No retry helps before the archive is restored. */
export class EventsArchived extends Error {
  override readonly name = 'EventsArchived'
  readonly retryable = false
  constructor(
    what: string,
    readonly archive: Archive,
  ) {
    super(`${what} archived: ${archive.name}, positions ${archive.first} to ${archive.last}, in ${archive.file}`)
  }
}

/** A request that no retry can make fit. */
export class StoreLimitExceeded extends Error {
  override readonly name = 'StoreLimitExceeded'
  readonly retryable = false
  constructor(
    readonly limit: keyof StoreLimits,
    readonly actual: number,
    readonly allowed: number,
  ) {
    super(`${limit} is ${actual}, at most ${allowed} is allowed`)
  }
}

/** A name that no stream can have, whatever the backend: a bug of whoever made it. `streamOf` of the domain kit makes good ones. */
export class InvalidStreamName extends Error {
  override readonly name = 'InvalidStreamName'
  readonly retryable = false
  constructor(
    readonly stream: string,
    readonly rule: string,
  ) {
    super(`${JSON.stringify(stream)} cannot be the name of a stream: ${rule}. Make names with streamOf(aggregate, id)`)
  }
}

/** Something that this backend cannot do at all; see `capabilities`. */
export class StoreLacksCapability extends Error {
  override readonly name = 'StoreLacksCapability'
  readonly retryable = false
  constructor(
    readonly capability: keyof StoreCapabilities,
    what: string,
  ) {
    super(`the event store lacks ${capability}: ${what}`)
  }
}
