import { type DataOf, type EventShape } from './event.js'

/** One handler for each type of event; a missing or surplus one does not compile. */
export type Evolve<S, E extends EventShape> = { readonly [T in E['type']]: (state: S, data: DataOf<E, T>) => S }

export interface AggregateDefinition<S, E extends EventShape> {
  /** Schema version of the state and its events; raise it when `evolve` or the events change shape. At least 1. */
  readonly version: number
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
  /** Phantom: carries the union of events through inference, never holds a value. */
  readonly events?: E
}

const NAME = /^[a-z][a-z0-9_]{0,30}$/

/**
 * Declares an aggregate. Called twice so that the events are named and everything else is inferred:
 * `aggregate<LotEvent>()('lot', { … })`.
 *
 * @throws RangeError when the name is not 1–31 of `[a-z0-9_]` starting with a letter (it is part of stream names
 *   and of the token claim `<name>s`), or the version is below 1.
 */
export function aggregate<E extends EventShape>() {
  return <const Name extends string, S>(name: Name, definition: AggregateDefinition<S, E>): Aggregate<Name, S, E> => {
    if (!NAME.test(name)) throw new RangeError(`aggregate "${name}": a name is 1-31 of [a-z0-9_], first a letter`)
    if (!Number.isInteger(definition.version) || definition.version < 1)
      throw new RangeError(`aggregate "${name}": version must be an integer of at least 1`)
    return { kind: 'aggregate', name, ...definition }
  }
}

/** Folds one event into the state. @throws RangeError for a type the aggregate does not know. */
export function evolve<S, E extends EventShape>(of: Aggregate<string, S, E>, state: S, event: EventShape): S {
  const handlers = of.evolve as Readonly<Record<string, ((state: S, data: object) => S) | undefined>>
  const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined
  if (!handler) throw new RangeError(`aggregate "${of.name}" has no evolve for event type "${event.type}"`)
  return handler(state, event.data)
}
