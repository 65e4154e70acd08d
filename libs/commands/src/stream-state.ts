import { type AnyAggregate, type Aggregate, evolve, type EventShape, type RecordedEvent } from '#domain-kit'

/** A folded stream: the state after the event of this revision, position and id. Immutable. */
export interface StreamState {
  readonly state: unknown
  /** -1n without events. */
  readonly revision: bigint
  readonly lastId: string | undefined
  /** Position of the last event; 0n without events. */
  readonly position: bigint
}

export function emptyState(aggregate: AnyAggregate): StreamState {
  return { state: aggregate.initial, revision: -1n, lastId: undefined, position: 0n }
}

/**
 * One more event of the log.
 *
 * @throws Error when it is not the next one: a state with a hole in it must not be decided upon.
 */
export function foldRecorded(aggregate: AnyAggregate, before: StreamState, event: RecordedEvent): StreamState {
  if (event.revision !== before.revision + 1n)
    throw new Error(`${event.stream} has no event at revision ${before.revision + 1n}, but one at ${event.revision}`)
  return fold(aggregate, before, event)
}

/** One more event. The position of one that is not committed yet is unknown: the old one stays. */
export function fold(
  aggregate: AnyAggregate,
  before: StreamState,
  event: EventShape & { readonly id: string; readonly position?: bigint },
): StreamState {
  return {
    state: evolve(aggregate as Aggregate, before.state, event),
    revision: before.revision + 1n,
    lastId: event.id,
    position: event.position ?? before.position,
  }
}
