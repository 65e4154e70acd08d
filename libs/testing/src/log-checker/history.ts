import { type AppendPlace, type CommandId } from '#event-store'
import { type RecordedEvent } from '#domain-kit'

/** What a client knows of an append when it has stopped asking. */
export type OperationResult =
  /** `acked_ms` is when the answer came: appended or replayed, both promise the place. */
  | { readonly kind: 'acknowledged'; readonly acked_ms: number; readonly place: AppendPlace }
  /** The store said that nothing was appended: a conflict, a mismatch, a claim that is taken. */
  | { readonly kind: 'refused' }
  /** Nobody ever said what became of it. */
  | { readonly kind: 'unknown' }

/** What a client knows of the events that it asks for in one stream. */
export interface WrittenEvents {
  readonly stream: string
  readonly ids: readonly string[]
  /** Of each what `contentOf` says. Default: who asks for them over HTTP does not know. */
  readonly contents?: readonly string[]
}

/**
 * One append as its client saw it, retries with the same command id included. Times are ms on a clock that never goes
 * back and that all clients share: on one machine `process.hrtime` is such a clock across processes.
 */
export interface Operation {
  readonly client: string
  readonly command: CommandId
  /** The events, write by write, in the order in which they were asked for. */
  readonly writes: readonly WrittenEvents[]
  /** Before the first attempt was sent. */
  readonly invoked_ms: number
  readonly result: OperationResult
  /** What it must come to by what its client knew: a name is new, or was taken by an append that was acknowledged. Default: nobody knows. */
  readonly expected?: 'acknowledged' | 'refused'
}

/** An event of the log, as any store reads it back; `$command` is on the last event of an append's first write. */
export type LogEvent = RecordedEvent & {
  readonly metadata: RecordedEvent['metadata'] & { readonly $command?: { readonly key: string } }
}

/** Leadership terms, seen by somebody other than the writer. */
export interface Epochs {
  /** `after` is the last position that was committed when the term began. In any order. */
  readonly terms: readonly { readonly epoch: bigint; readonly after: bigint }[]
  /** The term that committed this position; undefined when nobody saw it. */
  committedBy(position: bigint): bigint | undefined
}

/** What a follower of the log was handed from its beginning, batch by batch. */
export interface Follower {
  readonly name: string
  readonly batches: Iterable<HandedBatch>
}

export interface HandedBatch {
  readonly after: bigint
  readonly position: bigint
  /** Of each event what `sightOf` says. */
  readonly sights: readonly string[]
}

export interface CheckInput {
  /** Every append of every client: the log holds nothing else. */
  readonly operations: Iterable<Operation>
  /** The whole log, in the order in which the store reads it. */
  readonly log: readonly LogEvent[]
  /** Does the store promise positions 1, 2, 3, …? */
  readonly gapFree: boolean
  readonly epochs?: Epochs
  /** Those that have followed it to its end. Default: nobody has. */
  readonly followers?: readonly Follower[]
}
