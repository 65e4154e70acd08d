import { EventStoreDBClient, type EventData } from '@eventstore/db-client'
import { eventually } from '../../eventually.js'
import { type EventStoreDouble } from '../double.js'
import { openEventStoreDouble } from '../open-double.js'
import { describeError } from './describe.js'
import { type JsonObject, text } from './json.js'
import { Likeness } from './likeness.js'
import { collect } from './perform.js'
import { fillers } from './seed.js'
import { transcript } from './transcript.js'

const credentials = { username: 'admin', password: 'changeit' }
const failure = (call: Promise<unknown>): Promise<JsonObject> =>
  call.then(
    () => ({ returned: true }),
    (error: unknown) => describeError(error),
  )

let double: EventStoreDouble
let client: EventStoreDBClient
beforeEach(async () => {
  double = await openEventStoreDouble()
  client = EventStoreDBClient.connectionString(double.url)
})
afterEach(async () => {
  await client.dispose()
  await double.close()
})

/** How the recorded one begins, without what its own error adds. */
const kindOf = ({ class: name, type, message }: JsonObject): unknown => ({
  class: name,
  type,
  code: /^\d+ [A-Z_]+/.exec(text(message))?.[0],
})

describe.each(['fault_kill9_inflight_batch', 'fault_kill9_inflight_unary'] as const)('%s', (name) => {
  const options = name.endsWith('unary') ? { credentials } : {}
  const append = (stream: string, events: EventData[]) => client.appendToStream(stream, events, options)
  const recorded = transcript(name) as unknown as {
    readonly example_error: JsonObject
    readonly append_while_down: readonly { readonly error: JsonObject }[]
    readonly subscription: { readonly emitted: readonly JsonObject[] }
  }

  test('fails what is in flight and every subscription; whether an append was written, nobody says', async () => {
    await append('s', fillers(1))
    const subscription = client.subscribeToAll()
    const dropped = new Promise<JsonObject>((resolve) =>
      subscription.once('error', (error) => resolve(describeError(error))),
    )
    await new Promise((resolve) => subscription.once('confirmation', resolve))
    double.nodes[0].cutBeforeAck()
    expect(kindOf(await failure(append('written', fillers(1))))).toEqual(kindOf(recorded.example_error))
    expect(kindOf(await dropped)).toEqual(kindOf(recorded.subscription.emitted.at(-1)!))
    expect(await collect(client.readStream('written'))).toHaveLength(1)
    double.nodes[0].cutBeforeCommit()
    expect(kindOf(await failure(append('lost', fillers(1))))).toEqual(kindOf(recorded.example_error))
    expect(double.events.some(({ stream }) => stream === 'lost')).toBe(false)
  })

  test('is refused while down, and goes on with the same client once the port answers', async () => {
    await append('s', fillers(1))
    await double.nodes[0].kill()
    // The first call meets the broken connection, the next ones a port that refuses.
    await failure(append('s', fillers(1)))
    const down = await failure(client.appendToStream('s', fillers(1)))
    expect(kindOf(down)).toEqual(kindOf(recorded.append_while_down[0]!.error))
    await double.nodes[0].start()
    await eventually('the same client has recovered', async () => {
      await append('again', fillers(1))
      return true
    })
  })
})

test('fault_connection_refused: each call fails at once, an append before anything was sent', async () => {
  const { runs } = transcript('fault_connection_refused') as unknown as {
    runs: readonly { calls: readonly { label: string; error: JsonObject }[] }[]
  }
  const recorded = new Map(runs[0]!.calls.map(({ label, error }) => [label, error]))
  await double.nodes[0].refuse()
  const likeness = new Likeness()
  const calls: Record<string, () => Promise<unknown>> = {
    appendToStream: () => client.appendToStream('s', fillers(1)),
    'appendToStream with credentials': () => client.appendToStream('s', fillers(1), { credentials }),
    readStream: () => collect(client.readStream('s')),
  }
  for (const [label, call] of Object.entries(calls)) {
    const { own_fields: _, ...actual } = await failure(call())
    const { own_fields: __, ...before } = recorded.get(label)!
    likeness.compare(before, actual, label)
  }
  expect(likeness.verdict()).toEqual([])
})

test('fault_black_hole: an append waits as long as the silence, only the Append rpc has a deadline', async () => {
  double.nodes[0].silence()
  let settled = false
  const append = client.appendToStream('s', fillers(1)).finally(() => (settled = true))
  const other = EventStoreDBClient.connectionString(`${double.url}&defaultDeadline=2500`)
  const unary = await failure(other.appendToStream('s', fillers(1), { credentials, deadline: 300 }))
  expect(unary).toMatchObject({ class: 'DeadlineExceededError', type: 'deadline-exceeded' })
  expect(settled).toBe(false)
  double.nodes[0].speak()
  expect(await append).toMatchObject({ success: true, nextExpectedRevision: 0n })
  await other.dispose()
})

test('fault_sigstop_3s: an append whose deadline passed in the silence is refused by the server, not written', async () => {
  const { runs } = transcript('fault_sigstop_3s') as unknown as { runs: readonly { error?: JsonObject }[] }
  await client.appendToStream('before', fillers(1))
  double.nodes[0].silence()
  const patient = client.appendToStream('patient', fillers(1))
  const hasty = failure(client.appendToStream('hasty', fillers(1), { deadline: 1 }))
  const { own_fields: _, ...before } = runs[1]!.error!
  await failure(client.appendToStream('other', fillers(1), { credentials, deadline: 50 }))
  double.nodes[0].speak()
  expect((await patient).nextExpectedRevision).toBe(0n)
  const { own_fields: __, ...actual } = await hasty
  expect(actual).toEqual(before)
  expect(double.events.some(({ stream }) => stream === 'hasty')).toBe(false)
})

test('a server that starts, or whose disk stands still, answers what the recorded one does', async () => {
  double.nodes[0].becomeUnready()
  expect(await failure(client.appendToStream('s', fillers(1)))).toMatchObject({
    class: 'UnknownError',
    message: 'Could not recognize Server Is Not Ready',
  })
  double.nodes[0].becomeReady()
  await client.appendToStream('s', fillers(1))
})

test('an append that the server gave up may be written all the same', async () => {
  const slow = await openEventStoreDouble({ writeTimeout_ms: 50 })
  const other = EventStoreDBClient.connectionString(slow.url)
  slow.stallWrites()
  const error = await failure(other.appendToStream('s', fillers(1)))
  expect(error).toMatchObject({ class: 'DeadlineExceededError', own_fields: { type: 'deadline-exceeded' } })
  slow.resumeWrites()
  expect(await collect(other.readStream('s'))).toHaveLength(1)
  await other.dispose()
  await slow.close()
})
