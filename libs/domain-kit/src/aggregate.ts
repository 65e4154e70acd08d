import { type DataOf, type EventShape, type NotJson } from './event.js'
import { NotStorable, type SnapshotCodec, stateText, type Storable } from './state-text.js'
import { checkUpcasters, type UpcastersOf } from './upcasters.js'

/** One handler for each type of event; a missing or surplus one does not compile. */
export type Evolve<S, E extends EventShape> = { readonly [T in E['type']]: (state: S, data: DataOf<E, T>) => S }

/** How snapshots hold a state: as it is, in a form that a codec makes of it, or not at all (it is then folded anew each time). */
export type SnapshotRule<S> = SnapshotCodec<S> | 'never'

/** A state that cannot be written down as it is must say what to do. */
type SnapshotOf<S> = [S] extends [Storable<S>]
  ? { readonly snapshot?: SnapshotRule<S> }
  : { readonly snapshot: SnapshotRule<S> }

/** What is decided must be what is read again: state that comes from the log is the same as state that was never written down. */
type JsonEvents<E extends EventShape> = [NotJson<E>] extends [never]
  ? unknown
  : { readonly events: `the data of ${NotJson<E>} is not JSON` }

export interface AggregateDefinition<S, E extends EventShape, N extends number = number> {
  /**
   * Schema version of the state and its events, at least 1. Raise it when `evolve`, the state or an event changes: snapshots of
   * other versions are not read, and from version 2 on `upcasters` say how each type of event came there.
   */
  readonly version: N
  /** What an instance's id may be; anything else is a bad request. Default: {@link DEFAULT_ID}. */
  readonly id?: IdRule
  readonly initial: S
  readonly evolve: Evolve<S, E>
}

export interface IdRule {
  readonly pattern: RegExp
  /** In words, for error messages and OpenAPI. */
  readonly rule: string
}

/** 1–64 of `[A-Za-z0-9._-]`, first a letter or digit. */
export const DEFAULT_ID: IdRule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  rule: '1-64 of [A-Za-z0-9._-], first a letter or digit',
}

/**
 * What is open about one thing now: a fold of its stream. It holds no history; whatever grows with the number of
 * events belongs into a claim, a lookup or a read model.
 */
export interface Aggregate<
  Name extends string = string,
  S = unknown,
  E extends EventShape = EventShape,
> extends AggregateDefinition<S, E> {
  readonly kind: 'aggregate'
  readonly name: Name
  readonly upcasters?: object | undefined
  readonly snapshot?: SnapshotRule<S>
  /** Phantom: carries the union of events through inference, never holds a value. */
  readonly events?: E
}

const NAME = /^[a-z][a-z0-9_]{0,30}$/

/**
 * Declares an aggregate. Called twice so that the events are named and everything else is inferred:
 * `aggregate<LotEvent>()('lot', { … })`.
 *
 * @throws RangeError when the name is not 1–31 of `[a-z0-9_]` starting with a letter (it is part of stream names
 *   and of the token claim `<name>s`), the version is below 1, a type of event lacks a step from an earlier version, or the
 *   initial state cannot be written down and `snapshot` does not say how.
 */
export function aggregate<E extends EventShape>() {
  return <const Name extends string, S, const N extends number>(
    name: Name,
    definition: AggregateDefinition<S, E, N> & UpcastersOf<E, N> & SnapshotOf<S> & JsonEvents<E>,
  ): Aggregate<Name, S, E> => {
    if (!NAME.test(name)) throw new RangeError(`aggregate "${name}": a name is 1-31 of [a-z0-9_], first a letter`)
    if (!Number.isInteger(definition.version) || definition.version < 1)
      throw new RangeError(`aggregate "${name}": version must be an integer of at least 1`)
    checkUpcasters({ name, ...definition })
    checkState(name, definition.initial, definition.snapshot)
    return { kind: 'aggregate', name, ...definition }
  }
}

function checkState<S>(name: string, initial: S, rule: SnapshotRule<S> | undefined): void {
  if (rule === 'never') return
  try {
    const pieces = stateText(rule ? rule.encode(initial) : initial)
    while (!pieces.next().done);
  } catch (error) {
    if (!(error instanceof NotStorable)) throw error
    const remedy = 'give the aggregate a snapshot codec, or say snapshot: "never"'
    throw new RangeError(`aggregate "${name}": ${error.message}; ${remedy}`, { cause: error })
  }
}

/** Folds one event into the state. @throws RangeError for a type the aggregate does not know. */
export function evolve<S, E extends EventShape>(of: Aggregate<string, S, E>, state: S, event: EventShape): S {
  const handlers = of.evolve as Readonly<Record<string, ((state: S, data: object) => S) | undefined>>
  const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined
  if (!handler) throw new RangeError(`aggregate "${of.name}" has no evolve for event type "${event.type}"`)
  return handler(state, event.data)
}
