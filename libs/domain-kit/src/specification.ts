import { type Aggregate, evolve } from './aggregate.js'
import { type Command, decideContext, isRejection, type AnyDecideContext, type Rejection } from './command.js'
import { type EventShape, type RecordedOf, streamOf } from './event.js'

/**
 * Given/when/then for deciders, after Emmett's decider specification: reads as a sentence, needs no server.
 * `given(lot, opened(1)).when(enter, { … }).thenRejected('lot-full')`.
 *
 * A body is plain data here: validation is HTTP's part. Each `then…` throws an Error that shows both sides.
 */
export function given<Name extends string, S, E extends EventShape>(
  of: Aggregate<Name, S, E>,
  ...history: readonly E[]
) {
  return {
    when: <Body extends object, Code extends string>(
      command: Command<Name, S, E, Body, Code>,
      body: NoInfer<Body>,
      context: { target?: string; now?: string; found?: Readonly<Record<string, RecordedOf<E> | undefined>> } = {},
    ) => outcome<E, Code>(decideOn(of, history, command, body, context)),
  }
}

function decideOn<Name extends string, S, E extends EventShape, Body extends object, Code extends string>(
  of: Aggregate<Name, S, E>,
  history: readonly E[],
  command: Command<Name, S, E, Body, Code>,
  body: Body,
  context: { target?: string; now?: string; found?: Readonly<Record<string, RecordedOf<E> | undefined>> },
): readonly E[] | Rejection<Code> {
  const state = history.reduce<S>((before, event) => evolve(of, before, event), of.initial)
  const { target = 'target', now = '2026-01-01T00:00:00.000Z', found = {} } = context
  const full: AnyDecideContext = decideContext({
    target,
    now,
    found: found,
    exists: history.length > 0,
  })
  return command.decide(state, body, full as unknown as Parameters<typeof command.decide>[2])
}

function outcome<E extends EventShape, Code extends string>(decision: readonly E[] | Rejection<Code>) {
  const shown = JSON.stringify(decision, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
  return {
    decision,
    then: (...expected: readonly NoInfer<E>[]): void => {
      if (shown !== JSON.stringify(expected))
        throw new Error(`expected events ${JSON.stringify(expected)}\n but decided ${shown}`)
    },
    thenNothing: (): void => {
      if (shown !== '[]') throw new Error(`expected no event\n but decided ${shown}`)
    },
    thenRejected: (code: NoInfer<Code>): Rejection<Code> => {
      if (!isRejection(decision)) throw new Error(`expected rejection "${code}"\n but decided ${shown}`)
      if (decision.code !== code)
        throw new Error(`expected rejection "${code}"\n but it was "${decision.code}": ${decision.detail}`)
      return decision
    },
  }
}

/** A recorded event for tests of folds and lookups: give what matters, the rest is filled in. */
export function recorded<E extends EventShape>(
  event: E,
  place: { aggregate?: string; aggregateId?: string; position?: bigint; revision?: bigint; time?: string } = {},
): RecordedOf<E> {
  const {
    aggregate = 'aggregate',
    aggregateId = 'target',
    position = 1n,
    revision = position - 1n,
    time = '2026-01-01T00:00:00.000Z',
  } = place
  const stream = streamOf(aggregate, aggregateId)
  const envelope = {
    id: `event-${position.toString()}`,
    version: 1,
    stream,
    aggregate,
    aggregateId,
    revision,
    position,
    time,
    metadata: {},
  }
  return { ...envelope, type: event.type, data: event.data } as unknown as RecordedOf<E>
}
