import { setTimeout as sleep } from 'node:timers/promises'
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import { type AppendRequest, type AppendResult, type EventStore } from '#event-store'
import {
  eventually,
  type EventStoreDbSubject,
  eventStoreDbSubject,
  type EventStoreDouble,
  openEventStoreDouble,
} from '#testing'
import {
  all,
  idsOf,
  mustAppend,
  newEvent,
  newEvents,
  newRequest,
  newStream,
  requestedIds,
} from '../contract/requests.js'
import { SHORT_PATIENCE } from '../fixtures/short-patience.js'

interface Way {
  readonly tellsFeatures?: boolean
  readonly credentials?: string
}

/** The client appends by one call for all, or by a call each, whose failures look otherwise. Credentials of the connection string change nothing. */
const ways: readonly (readonly [string, Way])[] = [
  ['one call for all appends', { credentials: 'admin:changeit@' }],
  ['a call for each append', { tellsFeatures: false }],
]

let double: EventStoreDouble
let subject: EventStoreDbSubject
let store: EventStore
/** On the same log: gives up soon. */
let impatient: EventStore
/** What the client called to append. */
let called: Set<string>

const noteAppends: ServerInterceptor = ({ path }, call) => {
  if (path.endsWith('Append')) called.add(path.split('/').at(-1) ?? '')
  return new ServerInterceptingCall(call)
}

async function begin(nodes: number, { tellsFeatures, credentials = '' }: Way = {}): Promise<void> {
  called = new Set()
  double = await openEventStoreDouble({ nodes, tellsFeatures: tellsFeatures ?? true, interceptors: [noteAppends] })
  subject = await eventStoreDbSubject(double.url.replace('://', `://${credentials}`))
  ;({ store } = subject)
  impatient = subject.another(SHORT_PATIENCE)
}
afterEach(async () => {
  await subject.close()
  await double.close()
})

const written = (stream: string): string[] =>
  double.events.filter((each) => each.stream === subject.prefix + stream).map(({ id }) => id)

/** Appends by the impatient store, as often as it takes; whichever time wrote it. */
async function appendAgain(request: AppendRequest): Promise<AppendResult> {
  const result = await eventually('it is answered', () => impatient.append(request))
  return result.outcome === 'replayed' ? { ...result, outcome: 'appended' } : result
}

/** Every append is in the log once, where its answer says. */
async function expectOnce(requests: readonly AppendRequest[], results: readonly AppendResult[]): Promise<void> {
  const placeById = new Map<string, object>()
  for (const name of new Set(requests.map(({ commandId }) => commandId.stream)))
    for await (const { id, stream, revision, position } of store.readStream(name)) {
      expect(placeById.has(id)).toBe(false)
      placeById.set(id, { stream, revision, position })
    }
  expect(results.map(({ outcome }) => outcome)).toEqual(requests.map(() => 'appended'))
  expect(results).toMatchObject(requests.map((each) => placeById.get(requestedIds(each).at(-1) ?? '') ?? {}))
  expect(placeById.size).toBe(requests.reduce((sum, each) => sum + requestedIds(each).length, 0))
}

describe.each(ways)('one server, %s', (_, way) => {
  beforeEach(() => begin(1, way))

  test('it is called so', async () => {
    await mustAppend(store, newRequest(newStream()))
    expect([...called]).toEqual([way.tellsFeatures === false ? 'Append' : 'BatchAppend'])
  })

  test('a connection that breaks before the answer, at a server that has forgotten the ids: written once', async () => {
    const stream = newStream()
    await mustAppend(store, newRequest(stream))
    double.nodes[0].cutBeforeAck()
    const request = newRequest(stream)
    const asked = store.append(request)
    await eventually('it is written', () => written(stream).length === 2)
    double.nodes[0].forgetRecent()
    expect(await asked).toMatchObject({ outcome: 'appended', revision: 1n })
    expect(written(stream)).toHaveLength(2)
  })

  test('a connection that breaks before the write: written once', async () => {
    double.nodes[0].cutBeforeCommit()
    const requests = [newRequest(newStream())]
    await expectOnce(requests, await Promise.all(requests.map((each) => store.append(each))))
  })

  test('connections that break again and again under many appends of two stores: each once, where it says', async () => {
    const other = subject.another()
    const streams = Array.from({ length: 8 }, newStream)
    const requests = Array.from({ length: 240 }, (_, at) =>
      newRequest(streams[at % 8] ?? '', { events: newEvents(1 + (at % 2)) }),
    )
    const cutting = (async () => {
      for (let cut = 0; cut < 4; cut += 1) {
        const before = double.events.length
        await eventually('something is written', () => double.events.length > before || double.events.length > 300)
        double.nodes[0].cut()
      }
    })()
    const results: AppendResult[] = []
    for (let at = 0; at < requests.length; at += 40)
      results.push(
        ...(await Promise.all(requests.slice(at, at + 40).map((each, nth) => (nth % 2 ? other : store).append(each)))),
      )
    await cutting
    await expectOnce(requests, results)
  })

  test('writes that stall are repeated, and written once when they go on', async () => {
    await mustAppend(store, newRequest(newStream()))
    double.stallWrites()
    const request = newRequest(newStream())
    const asked = store.append(request)
    double.resumeWrites()
    expect(await asked).toMatchObject({ outcome: 'appended' })
    expect(written(request.commandId.stream)).toHaveLength(1)
  })

  test('data that is no JSON fails its own append and nothing else', async () => {
    const bad = newRequest(newStream(), { events: [newEvent({ big: 1n })] })
    const none = newRequest(newStream(), { events: [{ ...newEvent(), data: undefined as never }] })
    const good = newRequest(newStream())
    const results = await Promise.allSettled([bad, none, good].map((each) => store.append(each)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    const reasons = results.map((each) => each.status === 'rejected' && each.reason instanceof TypeError)
    expect(reasons).toEqual([true, true, false])
  })
})

describe.each(ways)('one server that is not there, %s', (_, way) => {
  beforeEach(() => begin(1, way))

  test('while it is starting it is waited for', async () => {
    double.nodes[0].becomeUnready()
    const request = newRequest(newStream())
    await expect(impatient.append(request)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    double.nodes[0].becomeReady()
    expect(await appendAgain(request)).toMatchObject({ outcome: 'appended', revision: 0n })
  })
})

describe('a server that does not answer', () => {
  beforeEach(() => begin(1))

  test('a silent server is unavailable to appends and to reads, and a new connection is made when it speaks', async () => {
    const stream = newStream()
    await appendAgain(newRequest(stream))
    double.nodes[0].silence()
    await expect(impatient.append(newRequest(newStream()))).rejects.toMatchObject({ name: 'StoreUnavailable' })
    await expect(all(impatient.readStream(stream))).rejects.toMatchObject({ name: 'StoreUnavailable' })
    double.nodes[0].speak()
    const requests = [newRequest(newStream()), newRequest(newStream())]
    await expectOnce(requests, await Promise.all(requests.map(appendAgain)))
    expect(await eventually('it is read', () => all(impatient.readStream(stream)))).toHaveLength(1)
  })

  test('appends that are under way when another gives up its connection are not answered by it', async () => {
    const streams = [newStream(), newStream()]
    for (const stream of streams) await appendAgain(newRequest(stream))
    double.nodes[0].silence()
    const requests = streams.map((stream) => newRequest(stream))
    // The second is half a second behind, when the first ends their connection.
    const asked = requests.map((each, at) => sleep(at * 500).then(() => impatient.append(each)))
    const unavailable: unknown = expect.objectContaining({ name: 'StoreUnavailable' })
    expect(await Promise.allSettled(asked)).toEqual(asked.map(() => ({ status: 'rejected', reason: unavailable })))
    double.nodes[0].speak()
    for (const each of requests) {
      expect(await appendAgain(each)).toMatchObject({ outcome: 'appended', revision: 1n })
      expect(written(each.commandId.stream)).toHaveLength(2)
    }
  })

  test('an outcome that stays unknown is unavailable; asked again it is told', async () => {
    const request = newRequest(newStream())
    await appendAgain(newRequest(newStream()))
    double.nodes[0].cutBeforeAck(Infinity)
    // One that had no time to be written is sent again.
    await eventually('one is written', async () => {
      await expect(impatient.append(request)).rejects.toMatchObject({ name: 'StoreUnavailable', retryable: true })
      return written(request.commandId.stream).length === 1
    })
    double.nodes[0].cutBeforeAck(0)
    expect(await eventually('it is answered', () => impatient.append(request))).toMatchObject({
      outcome: 'replayed',
      revision: 0n,
    })
    expect(written(request.commandId.stream)).toHaveLength(1)
  })

  test('a server that cannot be found now is found later: no failed discovery is remembered', async () => {
    await double.nodes[0].refuse()
    await expect(impatient.append(newRequest(newStream()))).rejects.toMatchObject({ name: 'StoreUnavailable' })
    await double.nodes[0].accept()
    await appendAgain(newRequest(newStream()))
  })

  test('one process appends to one cluster', async () => {
    await mustAppend(store, newRequest(newStream()))
    const elsewhere = await openEventStoreDouble()
    await expect(eventStoreDbSubject(elsewhere.url)).rejects.toThrow('one EventStoreDB cluster')
    await elsewhere.close()
  })
})

describe('two stores that do not know of each other', () => {
  beforeEach(() => begin(1))

  test('one stream: all are appended, contiguously, each where it says', async () => {
    const other = subject.another()
    const stream = newStream()
    const requests = Array.from({ length: 100 }, () => newRequest(stream))
    const results = await Promise.all(requests.map((each, at) => (at % 2 ? other : store).append(each)))
    await expectOnce(requests, results)
  })

  test('a command decided twice, with other data each time: one of them is appended, and the other is told which', async () => {
    const other = subject.another()
    const stream = newStream()
    await mustAppend(store, newRequest(stream))
    await all(other.readStream(stream))
    await other.recall({ stream, key: 'warm' })
    const first = newRequest(stream, { expected: 0n, events: [newEvent({ at: 'noon' })] })
    const [write] = first.writes
    const again = {
      ...first,
      writes: [{ ...write!, events: write!.events.map((event) => ({ ...event, data: { at: 'one' } })) }],
    }
    const place = await mustAppend(store, first)
    expect(await other.append(again)).toEqual({ outcome: 'replayed', ...place })
    expect((await all(store.readStream(stream))).map(({ data }) => data)).toEqual([{ at: 0 }, { at: 'noon' }])
  })

  test('a key with another request on the store that has not seen the first: a mismatch, and nothing is lost', async () => {
    const other = subject.another()
    const stream = newStream()
    await other.recall({ stream, key: 'warm' })
    const first = newRequest(stream, { expected: 'none' })
    const { position } = await mustAppend(store, first)
    expect(await other.append({ ...first, requestHash: 'another' })).toEqual({ outcome: 'mismatch', position })
    expect(idsOf(await all(store.readStream(stream)))).toEqual(requestedIds(first))
  })
})

describe.each(ways)('a cluster, %s', (_, way) => {
  beforeEach(() => begin(3, way))

  test('whose leader is killed under appends, without its memory of ids: each once, where it says', async () => {
    const [leader, next] = double.nodes
    const streams = Array.from({ length: 6 }, newStream)
    const requests = Array.from({ length: 180 }, (_, at) => newRequest(streams[at % 6] ?? ''))
    const asked = (async () => {
      const results: AppendResult[] = []
      for (let at = 0; at < requests.length; at += 30)
        results.push(...(await Promise.all(requests.slice(at, at + 30).map((each) => store.append(each)))))
      return results
    })()
    await eventually('some are written', () => double.events.length > 40)
    await leader.kill()
    next?.lead()
    await expectOnce(requests, await asked)
  })

  test('a node that leads no longer names the one that does', async () => {
    await mustAppend(store, newRequest(newStream()))
    double.nodes[2]?.lead()
    const requests = [newRequest(newStream()), newRequest(newStream())]
    await expectOnce(requests, await Promise.all(requests.map((each) => store.append(each))))
  })

  test('a follower that lags is not read from', async () => {
    const { nodes } = double
    for (const each of nodes.slice(1)) each.lag()
    const stream = newStream()
    for (let each = 0; each < 20; each += 1) {
      await mustAppend(store, newRequest(stream))
      expect(await all(store.readStream(stream))).toHaveLength(each + 1)
    }
  })
})
