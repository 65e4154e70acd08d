import { randomUUID } from 'node:crypto'
import { jsonEvent } from '@eventstore/db-client'
import { eventually } from '../../eventually.js'
import { describeError } from './describe.js'
import { type Json, type JsonObject, plain, text } from './json.js'
import { collect, perform } from './perform.js'
import { fillers } from './seed.js'
import { Session } from './session.js'
import { stepsOf, transcript } from './transcript.js'
import { Watch } from './watch.js'

const event = () => jsonEvent({ id: randomUUID(), type: 'OrderPlaced', data: { n: 0 } })
/** A record without rpcs has no connection either. */
const open = (name: string): Promise<Session> =>
  Session.open({ ...transcript(name), connection_string: 'esdb://127.0.0.1:12113?tls=false' })

test('append_concurrent_pipelined: one stream of replies, in order; of equal expectations one wins', async () => {
  const session = await open('append_concurrent_pipelined')
  const [pipelined, racing] = stepsOf(session.recorded)
  await session.client.appendToStream('pipe', [event()])
  const results = await Promise.all(Array.from({ length: 20 }, () => session.client.appendToStream('pipe', [event()])))
  const describeAppend = ({ nextExpectedRevision }: { nextExpectedRevision: bigint }): Json =>
    plain(nextExpectedRevision)
  expect(results.map(describeAppend)).toEqual(
    (pipelined!.client_result as readonly Json[][]).map(([revision]) => revision),
  )
  expect(new Set(session.rpcs.map(({ method }) => method))).toEqual(new Set(['GetSupportedMethods', 'BatchAppend']))

  const race = Array.from({ length: 5 }, () =>
    session.client.appendToStream('pipe', [event()], { expectedRevision: 20n }).then(
      (result) => ['ok', describeAppend(result)],
      (error: unknown) => {
        const { class: name, own_fields } = describeError(error)
        return [name, (own_fields as JsonObject)['actualVersion']]
      },
    ),
  )
  expect(await Promise.all(race)).toEqual(racing!.client_result)
  expect(await session.finish('none')).toEqual([])
})

test('append_zero_events_then: no events leave no stream behind', async () => {
  const session = await open('append_zero_events_then')
  const { client } = session
  const outcome = (call: Promise<unknown>): Promise<unknown> =>
    call.catch((error: unknown) => (error as Error).constructor.name)
  const seen = [
    await client.appendToStream('s', []).then(() => 'ok'),
    await outcome(collect(client.readStream('s'))),
    await client.appendToStream('s', [event()], { expectedRevision: 'no_stream' }).then(() => 'ok'),
    (await collect(client.readStream('s'))).length,
    await client.appendToStream('t', [], { expectedRevision: 'no_stream' }).then(() => 'ok'),
    await outcome(client.appendToStream('t', [event()], { expectedRevision: 0n })),
    await client.appendToStream('t', [event()]).then(() => 'ok'),
  ]
  const recorded = stepsOf(session.recorded) as unknown as readonly { error?: string; result: unknown }[]
  expect(seen).toEqual(recorded.map(({ error, result }) => error ?? (Array.isArray(result) ? result.length : 'ok')))
  expect(await session.finish('none')).toEqual([])
})

test('positions_of_one_append: each event its own; subscriptions begin behind them, reads at them', async () => {
  const session = await Session.open(transcript('positions_of_one_append'))
  const [append, read, all, readAll, byStream] = stepsOf(session.recorded)
  await perform(session, append!, 'append')
  await perform(session, read!, 'read')
  for (const step of [all, byStream]) {
    const [verb] = step!.client_call!.method.split(' ')
    const watch = Watch.start(session, { ...step!.client_call!, method: verb! }, false)
    await watch.until('it has caught up', () => watch.has('caughtUp'))
    await watch.stop()
    const data = watch.events.filter(({ event }) => event === 'data')
    expect(data.map(({ stream, revision }) => (step === all ? [stream, revision] : revision))).toEqual(
      step!.client_result,
    )
  }
  await perform(session, readAll!, 'readAll')
  expect(await session.finish('none')).toEqual([])
})

test('subscribe_all_filter_invalid: the client refuses a window of 0, the server an expression it cannot read', async () => {
  const session = await open('subscribe_all_filter_invalid')
  const [window, interval, regex, nothing] = stepsOf(session.recorded)
  for (const [step, option] of [
    [window, { maxSearchWindow: 0 }],
    [interval, { checkpointInterval: 0 }],
  ] as const) {
    const args = [{ filter: { prefixes: ['A'], ...option } }]
    const start = (): unknown => Watch.start(session, { method: 'subscribeToAll', args }, false)
    expect(start).toThrow(text(step!.client_error!['message']))
  }
  const args = [{ fromPosition: 'end', filter: { regex: '(' } }]
  const watch = Watch.start(session, { method: 'subscribeToAll', args }, false)
  await watch.until('it has failed', () => watch.has('error'))
  session.likeness.compare((regex!.client_result as JsonObject)['events'], watch.events.slice(0, 1), 'events')

  const none = Watch.start(session, { method: 'subscribeToAll', args: [{ filter: { prefixes: [] } }] }, false)
  const all = Watch.start(session, { method: 'subscribeToAll', args: [{}] }, false)
  await none.until('both are live', () => none.has('caughtUp') && all.has('caughtUp'))
  await session.append('s', fillers(1))
  await all.until('the event has come', () => all.events.at(-1)?.['stream'] === 's')
  await all.stop()
  await none.stop()
  session.likeness.compare((nothing!.client_result as JsonObject)['events'], none.events, 'no prefixes')
  expect(await session.finish('none')).toEqual([])
})

test('subscribe_all_from_bad_position: refused inside a record, accepted beyond the end', async () => {
  const session = await open('subscribe_all_from_bad_position')
  const [inside, beyond] = stepsOf(session.recorded)
  const at = await session.append('s', fillers(1))
  session.likeness.stands(12_017_148n, at - 1n)
  const refused = Watch.start(session, inside!.client_call!, false)
  await refused.until('it has failed', () => refused.has('error'))
  session.likeness.compare((inside!.client_result as JsonObject)['events'], refused.events.slice(0, 1), 'inside')
  const accepted = Watch.start(session, beyond!.client_call!, false)
  await accepted.until('it is live', () => accepted.has('caughtUp'))
  await session.append('s', fillers(1))
  await accepted.until('the new event has come', () => accepted.has('data'))
  expect(accepted.events.map(({ event }) => event)).toEqual(['confirmation', 'caughtUp', 'data'])
  await accepted.stop()
  expect(await session.finish('none')).toEqual([])
})

test('subscribe_all_from_start: the system’s own event first, then everything in order', async () => {
  const session = await open('subscribe_all_from_start')
  await session.append('s', fillers(100))
  const watch = Watch.start(session, session.recorded.client_call!, false)
  await watch.until('it has caught up', () => watch.has('caughtUp'))
  await watch.stop()
  const [confirmation, first] = (session.recorded.client_result as unknown as { events: readonly JsonObject[] }).events
  session.likeness.compare([confirmation!, first!], watch.events.slice(0, 2), 'events')
  const positions = watch.events
    .filter(({ event }) => event === 'data')
    .map(({ position }) => (position as JsonObject)['commit'])
  expect(positions).toEqual(session.double.events.map(({ position }) => `${position}n`))
  expect(await session.finish('none')).toEqual([])
})

test('subscribe_dispose_while_live: the subscription ends, the client goes on', async () => {
  const session = await open('subscribe_dispose_while_live')
  const [, emitted, append, read] = stepsOf(session.recorded)
  const { client } = session
  await client.appendToStream('disp', [event()])
  const watch = Watch.start(session, { method: 'subscribeToStream', args: ['disp'] }, false)
  await watch.until('it has caught up', () => watch.has('caughtUp'))
  await client.dispose()
  await watch.until('it has ended', () => watch.has('close'))
  const events = (emitted!.client_result as readonly JsonObject[]).map(({ event }) => event)
  expect(watch.events.map(({ event }) => event)).toEqual(events)
  session.likeness.compare(append!.client_result, plain(await client.appendToStream('disp', [event()])), 'append')
  expect(await collect(client.readStream('disp'))).toHaveLength(read!.client_result as number)
  expect(await session.finish('none')).toEqual([])
})

test('subscription_backpressure_catchup: whoever reads old events slowly is waited for', async () => {
  const session = await open('subscription_backpressure_catchup')
  for (let n = 0; n < 8; n += 1) await session.append('s', fillers(500))
  const subscription = session.client.subscribeToAll({ fromPosition: 'start' })
  await new Promise((resolve) => subscription.once('confirmation', resolve))
  // Appended while nobody reads: more than a live subscriber may fall behind.
  for (let n = 0; n < 2; n += 1) await session.append('t', fillers(500))
  const seen: unknown[] = []
  for await (const { event: read } of subscription) {
    seen.push(read?.id)
    if (seen.length === session.double.events.length) break
  }
  expect(seen).toEqual(session.double.events.map(({ id }) => id))
  expect(await session.finish('none')).toEqual([])
})

test.each(['subscription_backpressure_live', 'subscription_slow_consumer_live'] as const)(
  '%s: a live subscriber that falls behind is dropped, one that keeps up is not',
  async (name) => {
    const session = await open(name)
    const recorded = JSON.stringify(session.recorded)
    const watch = Watch.start(session, { method: 'subscribeToAll', args: [{ fromPosition: 'end' }] }, false)
    await watch.until('it is live', () => watch.has('caughtUp'))
    await session.append('s', fillers(200))
    await eventually('it keeps up', () => watch.events.filter(({ event: kind }) => kind === 'data').length === 200)
    await session.append('s', fillers(500))
    await watch.until('it is dropped', () => watch.has('error'))
    const error = watch.events.find(({ event: kind }) => kind === 'error')!['error'] as JsonObject
    expect(error).toMatchObject({ class: 'TimeoutError', type: 'timeout', own_fields: { code: 10 } })
    expect(recorded).toContain(text(error['message']))
    expect(await session.finish('none')).toEqual([])
  },
)
