import { type Aggregate, evolve } from './aggregate.js'
import { type Command, decideContext, type FieldError, isRejection, type Rejection } from './command.js'
import { type EventShape, type RecordedEvent, type RecordedOf, streamOf } from './event.js'
import { upcast } from './upcasters.js'

/** An event as the log holds it, maybe of an earlier schema version. */
export interface StoredEvent {
  readonly kind: 'stored'
  readonly type: string
  readonly version: number
  readonly data: object
}

/** An event of an earlier schema version, as `given` takes it: it goes through the aggregate's upcasters. */
export function stored(type: string, version: number, data: object): StoredEvent {
  return { kind: 'stored', type, version, data }
}

/** What beside the history a command is decided upon. */
export interface SpecificationContext<E extends EventShape> {
  /** Id of the aggregate. Default `target`. */
  readonly target?: string
  /** ISO 8601. Default 2026-01-01T00:00:00.000Z. */
  readonly now?: string
  /** What the command's lookups find: a recorded event, or just the event. */
  readonly found?: Readonly<Record<string, E | RecordedOf<E> | undefined>>
}

/** What a rejection must say beside its code. */
export interface RejectionExpectation {
  /** All of the detail, or a pattern that it matches. */
  readonly detail?: string | RegExp
  /** The fields that it names, in any order; `rule` and `message` of each where they are given. */
  readonly errors?: readonly (Pick<FieldError, 'field'> & Partial<FieldError>)[]
}

/**
 * Given/when/then for deciders, after Emmett's decider specification: reads as a sentence, needs no server.
 * `given(lot, opened(1)).when(enter, { … }).thenRejected('lot-full')`.
 *
 * A body is plain data here: validation is HTTP's part. Each `then…` throws an Error that shows both sides, and returns nothing, so
 * that the sentence may be all that a test is.
 */
export function given<Name extends string, S, E extends EventShape>(
  of: Aggregate<Name, S, E>,
  ...history: readonly (E | StoredEvent)[]
) {
  const state = history.reduce<S>((before, event, at) => evolve(of, before, today(of, event, at)), of.initial)
  return {
    /** Where the history leads, for tests of `evolve`. */
    state,
    when: <Body extends object, Code extends string>(
      command: Command<Name, S, E, Body, Code>,
      body: NoInfer<Body>,
      { target = 'target', now = '2026-01-01T00:00:00.000Z', found = {} }: SpecificationContext<E> = {},
    ) => {
      const context = decideContext({ target, now, found: asRecorded(of, found), exists: history.length > 0 })
      return outcome<E, Code>(command.decide(state, body, context as unknown as Parameters<typeof command.decide>[2]))
    },
  }
}

function today<S, E extends EventShape>(of: Aggregate<string, S, E>, event: E | StoredEvent, at: number): EventShape {
  if (!isStored(event)) return { type: event.type, data: logged(event.data) }
  const { type, data, version } = event
  const place = { aggregate: of.name, position: BigInt(at + 1), version }
  return upcast(of, recorded({ type, data }, place) as RecordedEvent)
}

/** Data as the log gives it back: what JSON makes of it. */
const logged = (data: object): object => JSON.parse(JSON.stringify(data)) as object

function isStored(event: EventShape | StoredEvent): event is StoredEvent {
  return 'kind' in event && 'version' in event
}

function asRecorded<E extends EventShape>(
  { name, version }: Aggregate<string, never, E> | { readonly name: string; readonly version: number },
  found: NonNullable<SpecificationContext<E>['found']>,
): Readonly<Record<string, RecordedOf<EventShape> | undefined>> {
  const entries = Object.entries(found).map(([as, event]) => {
    const isPlain = event !== undefined && !('position' in event)
    return [as, isPlain ? recorded(event as EventShape, { aggregate: name, version }) : event] as const
  })
  return Object.fromEntries(entries)
}

function outcome<E extends EventShape, Code extends string>(decision: readonly E[] | Rejection<Code>) {
  const decided = shown(decision)
  return {
    decision,
    then: (...expected: readonly NoInfer<E>[]): void => {
      if (decided !== shown(expected)) throw new Error(`expected events ${shown(expected)}\n but decided ${decided}`)
    },
    thenNothing: (): void => {
      if (decided !== '[]') throw new Error(`expected no event\n but decided ${decided}`)
    },
    thenRejected: (code: NoInfer<Code>, expectation: RejectionExpectation = {}): void => {
      if (!isRejection(decision)) throw new Error(`expected rejection "${code}"\n but decided ${decided}`)
      if (decision.code !== code)
        throw new Error(`expected rejection "${code}"\n but it was "${decision.code}": ${decision.detail}`)
      checkRejection(decision, expectation)
    },
  }
}

function checkRejection({ code, detail, errors = [] }: Rejection, expected: RejectionExpectation): void {
  const { detail: said } = expected
  if (said !== undefined && !(typeof said === 'string' ? said === detail : said.test(detail)))
    throw new Error(`expected rejection "${code}" to say ${String(said)}\n but it says ${detail}`)
  if (expected.errors === undefined) return
  const matches = (each: Partial<FieldError>, error: FieldError): boolean =>
    Object.entries(each).every(([name, value]) => error[name as keyof FieldError] === value)
  const isAll = expected.errors.every((each) => errors.some((error) => matches(each, error)))
  if (!isAll || errors.length !== expected.errors.length)
    throw new Error(`expected rejection "${code}" to name ${shown(expected.errors)}\n but it names ${shown(errors)}`)
}

/** Equal for equal content: keys in order, what is undefined left out, as the log would hold it. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return each.toString()
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** A recorded event for tests of folds and lookups: give what matters, the rest is filled in. */
export function recorded<E extends EventShape>(
  event: E,
  place: {
    aggregate?: string
    aggregateId?: string
    position?: bigint
    revision?: bigint
    time?: string
    version?: number
  } = {},
): RecordedOf<E> {
  const {
    aggregate = 'aggregate',
    aggregateId = 'target',
    position = 1n,
    revision = position - 1n,
    time = '2026-01-01T00:00:00.000Z',
    version = 1,
  } = place
  const stream = streamOf(aggregate, aggregateId)
  const envelope = {
    id: `event-${position.toString()}`,
    version,
    stream,
    aggregate,
    aggregateId,
    revision,
    position,
    time,
    metadata: {},
  }
  return { ...envelope, type: event.type, data: logged(event.data) } as unknown as RecordedOf<E>
}
