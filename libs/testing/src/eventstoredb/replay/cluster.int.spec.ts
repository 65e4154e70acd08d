import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { eventually } from '../../eventually.js'
import { type EventStoreDouble } from '../double.js'
import { openEventStoreDouble } from '../open-double.js'
import { describeError } from './describe.js'
import { plain, text } from './json.js'
import { collect } from './perform.js'
import { fillers } from './seed.js'
import { Session } from './session.js'
import { type Step, stepsOf, transcript } from './transcript.js'

const atFollower = (double: EventStoreDouble): string => `127.0.0.1:${double.nodes[1]!.port}`
const credentials = { username: 'admin', password: 'changeit' }

/** Compares what a call came to with a recorded step. */
async function compare(session: Session, step: Step, call: () => Promise<unknown>): Promise<void> {
  const path = step.client_call!.method
  try {
    session.likeness.compare(step.client_result, plain(await call()), path)
  } catch (error) {
    session.likeness.compare(step.client_error, describeError(error), path)
  }
}

test.each(['cluster_requires_leader_on_follower_batch', 'cluster_requires_leader_on_follower_unary'] as const)(
  '%s: refused with the address of the leader, where the same client then goes',
  async (name) => {
    const session = await Session.open(transcript(name), { nodes: 3 }, atFollower)
    const [refused, again] = stepsOf(session.recorded)
    const [stream] = refused!.client_call!.args as readonly string[]
    const options = { requiresLeader: true, ...(name.endsWith('unary') ? { credentials } : {}) }
    const append = () => session.client.appendToStream(stream!, fillers(1), options)
    await compare(session, refused!, append)
    const [features, first] = name.endsWith('unary') ? [undefined, session.rpcs[0]] : session.rpcs
    session.likeness.compare(['true'], plain(first!.metadata['requires-leader']), 'metadata')
    expect(features?.method).toBe(name.endsWith('unary') ? undefined : 'GetSupportedMethods')
    await eventually('the trailers are out', () => first!.status)
    const { details, trailing_metadata } = session.recorded.rpcs!.at(-1)!.status
    const { 'content-length': _, ...trailers } = trailing_metadata
    session.likeness.compare(details, first!.status!.details, 'details')
    session.likeness.compare(
      { ...trailers, 'leader-endpoint-port': 'any' },
      { ...first!.status!.trailers, 'leader-endpoint-port': 'any' },
      'trailers',
    )
    expect(first!.status!.trailers['leader-endpoint-port']).toEqual([String(session.double.leader!.port)])
    await compare(session, again!, append)
    expect(await session.finish('none')).toEqual([])
  },
)

test('cluster_requires_leader_on_follower_read: so is a read; a subscription then begins at the leader', async () => {
  const session = await Session.open(transcript('cluster_requires_leader_on_follower_read'), { nodes: 3 }, atFollower)
  const [read, subscribe] = stepsOf(session.recorded)
  await compare(session, read!, () => collect(session.client.readStream('s', { requiresLeader: true })))
  const subscription = session.client.subscribeToAll({ requiresLeader: true })
  const first = await new Promise((resolve) => subscription.once('confirmation', () => resolve('confirmation')))
  expect(first).toBe(subscribe!.client_result)
  await subscription.unsubscribe()
  expect(await session.finish('none')).toEqual([])
})

test('cluster_append_to_follower_default: a follower hands it on to the leader, and remembers nothing itself', async () => {
  const session = await Session.open(transcript('cluster_append_to_follower_default'), { nodes: 3 }, atFollower)
  const [first, repeated, wrong, unary, read] = stepsOf(session.recorded)
  const stream = text(first!.client_call!.args[0])
  const [event, another] = [fillers(1), fillers(1)]
  await compare(session, first!, () => session.client.appendToStream(stream, event))
  await compare(session, repeated!, () => session.client.appendToStream(stream, event))
  await compare(session, wrong!, () =>
    session.client.appendToStream(stream, fillers(1), { expectedRevision: 'no_stream' }),
  )
  await compare(session, unary!, () => session.client.appendToStream(stream, another, { credentials }))
  await compare(session, read!, async () => (await collect(session.client.readStream(stream))).length)
  expect(await session.finish('none')).toEqual([])
})

test.each(['cluster_gossip', 'discover_single_node', 'gossip_multi_host'] as const)(
  '%s: a seed tells the members and their states, and the append goes to the one preferred',
  async (name) => {
    const nodes = name === 'cluster_gossip' ? 3 : 1
    const seeds = ({ nodes: [first] }: EventStoreDouble): string =>
      name === 'gossip_multi_host' ? `127.0.0.1:${first.port},127.0.0.1:${first.port}` : `127.0.0.1:${first.port}`
    const session = await Session.open(transcript(name), { nodes }, seeds)
    await compare(session, session.recorded, () =>
      session.client.appendToStream(text(session.recorded.client_call!.args[0]), fillers(1)),
    )
    const gossip = session.rpcs.find(({ method }) => method === 'Read')!
    const states = (message: unknown): unknown[] =>
      (message as { membersList: { state: number; isAlive: boolean }[] }).membersList
        // A member that was still on its way when this was recorded counts as the follower it became.
        .map(({ state, isAlive }) => `${state === 2 ? 6 : state} ${isAlive}`)
        .sort()
    expect(states(gossip.responses[0])).toEqual(states(session.recorded.rpcs![0]!.responses[0]!.decoded))
    expect(await session.finish('none')).toEqual([])
  },
)

test('cluster_node_preference: a follower may lag behind one’s own append, the leader never does', async () => {
  const { result } = transcript('cluster_node_preference') as unknown as {
    result: Record<'leader' | 'follower', { connected_to_state: string; read_your_own_write_stale_of_50: number }>
  }
  const double = await openEventStoreDouble({ nodes: 3 })
  for (const preference of ['leader', 'follower'] as const) {
    for (const node of double.nodes) if (!node.leads) node.lag()
    const client = EventStoreDBClient.connectionString(`${double.url}&nodePreference=${preference}`)
    await client.appendToStream(preference, [jsonEvent({ type: 'T', data: {} })], { credentials })
    const stale = await collect(client.readStream(preference)).then(
      () => false,
      () => true,
    )
    expect(stale).toBe(result[preference].read_your_own_write_stale_of_50 > 0)
    for (const node of double.nodes) node.followUp()
    expect(await collect(client.readStream(preference))).toHaveLength(1)
    await client.dispose()
  }
  await double.close()
})

test('an id that the old leader knew is written again by the new one, unless the append is exact', async () => {
  const double = await openEventStoreDouble({ nodes: 3 })
  const client = EventStoreDBClient.connectionString(double.url)
  const [any, exact] = [fillers(1), fillers(1)]
  await client.appendToStream('any', any, { credentials })
  const first = await client.appendToStream('exact', exact, { credentials, expectedRevision: 'no_stream' })
  await double.nodes[0].kill()
  double.nodes[1]!.lead()
  // The client meets the dead leader once, then finds the new one by gossip.
  await expect(client.appendToStream('any', any, { credentials })).rejects.toThrow('UNAVAILABLE')
  expect((await client.appendToStream('any', any, { credentials })).nextExpectedRevision).toBe(1n)
  expect(await client.appendToStream('exact', exact, { credentials, expectedRevision: 'no_stream' })).toEqual(first)
  await client.dispose()
  await double.close()
})
