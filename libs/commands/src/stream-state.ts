import { type AnyAggregate, type Aggregate, evolve, type EventShape } from '#domain-kit'

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
