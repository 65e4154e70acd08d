import { DEFAULT_ID } from './aggregate.js'
import { type AnyCommand, type DtoClass, type Rejection } from './command.js'
import { type EventShape, type RecordedEvent, type RecordedOf } from './event.js'
import { type AggregateOf, type AnyAggregateRef } from './projection.js'

/** What a command takes. */
export type BodyOf<C> = C extends { readonly body: DtoClass<infer Body> } ? Body : never

type RejectionOf<C> = C extends { readonly rejections: infer R } ? Rejection<keyof R & string> : never

/**
 * What to do instead when the target refuses: another command of the same aggregate, which takes the first one's place under
 * its key. One stream decides both, so exactly one of them ever happens, whatever crashes or runs twice. It must not refuse and
 * must lead to an event.
 */
export interface Instead<C extends AnyCommand, A extends AnyCommand> {
  readonly command: A & { readonly aggregate: C['aggregate'] }
  readonly body: (rejection: RejectionOf<C>) => NoInfer<BodyOf<A>>
}

/** A command on its way, as a handler returns it. */
export interface Sending {
  readonly kind: 'sending'
  readonly command: AnyCommand
  readonly target: string
  readonly body: object
  readonly onRejected: { readonly command: AnyCommand; body(rejection: Rejection): object } | undefined
}

/** Makes a {@link Sending}. Without `onRejected`, a refusal stops the process manager: it is a case nobody thought of. */
export type Send<Of extends AnyCommand> = <C extends Of, A extends Of = C>(
  command: C,
  to: {
    /** Id of the aggregate instance that is to take it. */
    readonly target: string
    readonly body: NoInfer<BodyOf<C>>
    readonly onRejected?: Instead<C, A>
  },
) => Sending

/** Pure: the same event gives the same commands, for ever. A command's key is made of the event and its place among them. */
export type React<E extends EventShape, Of extends AnyCommand> = {
  readonly [T in E['type']]?: (
    event: Extract<RecordedOf<E>, { readonly type: T }>,
    tools: { readonly send: Send<Of> },
  ) => Sending | readonly Sending[]
}

export interface ProcessManagerDefinition<E extends EventShape, Sends extends readonly AnyCommand[]> {
  readonly of: AggregateOf<E>
  /**
   * Where it begins when it is installed on a log that has events already: with the first of them, or with what comes after.
   * Default `beginning`. It is never run again over what it has dealt with.
   */
  readonly start?: 'beginning' | 'head'
  /** Every command that it may send; each must be one of an installed domain. */
  readonly sends: Sends
  readonly on: NoInfer<React<E, Sends[number]>>
}

/**
 * Events in, commands out, exactly once. It has no state but how far it has come: what must be remembered between events
 * belongs into an aggregate, its own if need be, to which it sends commands like to any other.
 */
export interface ProcessManager {
  readonly kind: 'process-manager'
  readonly name: string
  readonly of: AnyAggregateRef
  readonly start: 'beginning' | 'head'
  readonly sends: readonly AnyCommand[]
  /** Event types that it reacts to. */
  readonly types: readonly string[]
  /**
   * The commands that an event leads to; none for an event that does not concern it.
   *
   * @throws RangeError for more than {@link SENDINGS_MAX}, a target that is no id, or a command that was not declared;
   *   and whatever a handler throws.
   */
  react(event: RecordedEvent): readonly Sending[]
}

/** Commands that one event may lead to. */
export const SENDINGS_MAX = 1_000

const NAME = /^[a-z][a-z0-9-]{0,30}$/

/** Declares a process manager. See {@link ProcessManagerDefinition}. @throws RangeError for a bad name, or one without a handler. */
export function processManager<E extends EventShape, const Sends extends readonly AnyCommand[]>(
  name: string,
  { of, start = 'beginning', sends, on }: ProcessManagerDefinition<E, Sends>,
): ProcessManager {
  if (!NAME.test(name)) throw new RangeError(`process manager "${name}": a name is 1-31 of [a-z0-9-], first a letter`)
  type Handler = (event: RecordedEvent, tools: object) => Sending | readonly Sending[]
  const handlers = new Map(Object.entries(on) as [string, Handler][])
  if (handlers.size === 0) throw new RangeError(`process manager "${name}" reacts to nothing`)
  const send = (command: AnyCommand, to: Pick<Sending, 'target' | 'body'> & Partial<Sending>): Sending =>
    checked(name, sends, { kind: 'sending', command, onRejected: undefined, ...to })
  return {
    kind: 'process-manager',
    name,
    of,
    start,
    sends,
    types: [...handlers.keys()],
    react: (event) => {
      const handler = event.aggregate === of.name ? handlers.get(event.type) : undefined
      const sendings = handler ? [handler(event, { send })].flat() : []
      if (sendings.length > SENDINGS_MAX)
        throw new RangeError(
          `process manager "${name}" sends ${sendings.length} commands at once, over ${SENDINGS_MAX}`,
        )
      return sendings
    },
  }
}

function checked(name: string, sends: readonly AnyCommand[], sending: Sending): Sending {
  const { command, target, onRejected } = sending
  for (const each of [command, ...(onRejected ? [onRejected.command] : [])]) {
    if (!sends.includes(each)) throw new RangeError(`process manager "${name}" does not declare command "${each.name}"`)
    if (each.aggregate !== command.aggregate)
      throw new RangeError(`process manager "${name}": "${each.name}" and "${command.name}" are not of one aggregate`)
  }
  const { pattern, rule } = command.aggregate.id ?? DEFAULT_ID
  if (!pattern.test(target))
    throw new RangeError(`process manager "${name}": "${target}" is no ${command.aggregate.name}; it must be ${rule}`)
  return sending
}
