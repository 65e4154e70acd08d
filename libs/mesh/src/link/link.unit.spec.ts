import { createServer, type Socket } from 'node:net'
import { eventually, freePort } from '#testing'
import {
  AllowList,
  connect,
  type ConnectOptions,
  createIdentity,
  type Identity,
  type Link,
  LinkError,
  type LinkServer,
  listen,
  type ListenOptions,
  RemoteError,
  type RequestHandler,
} from '../index.js'

let server: Identity
let client: Identity
let allowList: AllowList
let servers: LinkServer[]
let links: Link[]

const entry = ({ spki, role, instance }: Identity, as = role) => ({ spki, role: as, instance })

beforeEach(async () => {
  server = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  client = await createIdentity({ role: 'command-api', instance: 'command-api-1' })
  allowList = new AllowList({ version: 1n, entries: [entry(server), entry(client)] })
  servers = []
  links = []
})
afterEach(async () => {
  for (const each of links) await each.close()
  for (const each of servers) await each.close()
})

async function serve(options: Partial<ListenOptions> = {}): Promise<LinkServer> {
  const opened = await listen({
    host: '127.0.0.1',
    port: 0,
    identity: server,
    allowList,
    accept: ['command-api'],
    requests: { echo: (payload) => Promise.resolve(payload) },
    ...options,
  })
  servers.push(opened)
  return opened
}

function link({ port }: LinkServer, options: Partial<ConnectOptions> = {}): Link {
  const opened = connect({
    endpoints: [`127.0.0.1:${port}`],
    identity: client,
    allowList,
    role: 'event-writer',
    limits: { backoff_ms_min: 5, backoff_ms_max: 50 },
    ...options,
  })
  links.push(opened)
  return opened
}

/** A handler that never answers, and ends when it is told to. */
const untilAborted: RequestHandler = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))

describe('requests', () => {
  test('are answered, whatever plain data they carry', async () => {
    const to = link(await serve())
    const payload = { big: 2n ** 62n, at: new Date(0), bytes: Buffer.from([0, 255]), list: [undefined, null, 1.5, 'é'] }
    expect(await to.request('echo', payload)).toEqual(payload)
  })

  test('many at one time each get their own answer', async () => {
    const to = link(await serve())
    const sent = Array.from({ length: 500 }, (_, at) => at)
    expect(await Promise.all(sent.map((each) => to.request('echo', each)))).toEqual(sent)
  })

  test('know who asks', async () => {
    const to = link(await serve({ requests: { who: (_, { peer }) => Promise.resolve(peer) } }))
    expect(await to.request('who', null)).toEqual({ role: 'command-api', instance: client.instance, spki: client.spki })
  })

  test("a handler's coded error crosses the link; any other keeps its message to itself", async () => {
    const coded = Object.assign(new Error('too late'), { code: 'late', retryable: true, details: { by_ms: 5 } })
    const requests = {
      coded: () => Promise.reject(coded),
      bug: () => Promise.reject(new Error('a secret')),
    }
    const to = link(await serve({ requests }))
    const expected = { code: 'late', message: 'too late', retryable: true, details: { by_ms: 5 } }
    await expect(to.request('coded', null)).rejects.toMatchObject(expected)
    const error: unknown = await to.request('bug', null).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RemoteError)
    expect(error).toMatchObject({ code: 'internal', retryable: false })
    expect((error as Error).message).not.toContain('secret')
  })

  test('whose answer is too large for a frame have failed: their handler ran, and the link lives on', async () => {
    let handled = 0
    const large: RequestHandler = () => {
      handled += 1
      return Promise.resolve('x'.repeat(2_000))
    }
    const echo: RequestHandler = (payload) => Promise.resolve(payload)
    const to = link(await serve({ requests: { large, echo }, limits: { frame_bytes_max: 1_000 } }))
    const error: unknown = await to.request('large', null).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RemoteError)
    expect(error).toMatchObject({ code: 'internal', retryable: false })
    expect(handled).toBe(1)
    expect(await to.request('echo', 'small')).toBe('small')
  })

  test('for a method that is not there are refused', async () => {
    const to = link(await serve())
    await expect(to.request('nothing', null)).rejects.toMatchObject({ kind: 'refused', sent: false })
    await expect(to.request('toString', null)).rejects.toMatchObject({ kind: 'refused', sent: false })
  })

  test('end at their deadline, and when the caller gives up; the handler is told', async () => {
    let aborted = 0
    const never: RequestHandler = (payload, context) => untilAborted(payload, context).finally(() => (aborted += 1))
    const to = link(await serve({ requests: { never } }))
    await eventually('the link is up', () => to.state === 'up')
    await expect(to.request('never', null, { timeout_ms: 20 })).rejects.toMatchObject({ kind: 'timeout', sent: true })
    await eventually('the first handler is aborted', () => aborted === 1)
    const stop = new AbortController()
    const given = to.request('never', null, { signal: stop.signal })
    stop.abort('enough')
    await expect(given).rejects.toMatchObject({ kind: 'closed', cause: 'enough' })
    await eventually('the second handler is aborted', () => aborted === 2)
  })

  test('beyond the maximum in flight are refused as overloaded, and those before still answered', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const requests = { held: () => held.then(() => 'done'), echo: (payload: unknown) => Promise.resolve(payload) }
    const to = link(await serve({ requests, limits: { in_flight_max: 3 } }))
    await to.request('echo', 0)
    const first = [1, 2, 3].map(() => to.request('held', null))
    await expect(to.request('held', null)).rejects.toMatchObject({ kind: 'overloaded', sent: false })
    release()
    expect(await Promise.all(first)).toEqual(['done', 'done', 'done'])
  })
})

describe('streams', () => {
  const count =
    (to: number, sent: number[]): NonNullable<ListenOptions['streams']>[string] =>
    async (_, { write }) => {
      for (let item = 0; item < to; item += 1) {
        await write(item)
        sent.push(item)
      }
    }

  test('bring every item in order and end with the handler', async () => {
    const sent: number[] = []
    const to = link(await serve({ streams: { count: count(1_000, sent) } }))
    const received: unknown[] = []
    for await (const item of to.subscribe('count', null, { credit: 8 })) received.push(item)
    expect(received).toEqual(Array.from({ length: 1_000 }, (_, at) => at))
    expect(sent).toHaveLength(1_000)
  })

  test('send no more ahead of the reader than its credit', async () => {
    const sent: number[] = []
    const to = link(await serve({ streams: { count: count(100, sent) } }))
    const items = to.subscribe('count', null, { credit: 4 })[Symbol.asyncIterator]()
    expect(await items.next()).toEqual({ done: false, value: 0 })
    await eventually('the credit is used up', () => sent.length === 4)
    // Whatever more the server would send has been sent before it answers this.
    await to.request('echo', null)
    expect(sent).toHaveLength(4)
    for (let item = 1; item < 100; item += 1) expect(await items.next()).toEqual({ done: false, value: item })
    expect((await items.next()).done).toBe(true)
  })

  test('the handler is told when the reader leaves', async () => {
    let left = false
    const forever: NonNullable<ListenOptions['streams']>[string] = async (_, { write, signal }) => {
      signal.addEventListener('abort', () => (left = true))
      for (;;) await write('item')
    }
    const to = link(await serve({ streams: { forever } }))
    for await (const item of to.subscribe('forever', null)) {
      expect(item).toBe('item')
      break
    }
    await eventually('the handler is aborted', () => left)
  })

  test('fail as unavailable when the socket breaks, so that the reader goes on elsewhere', async () => {
    const wait: NonNullable<ListenOptions['streams']>[string] = async (_, { write, signal }) => {
      await write('first')
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    }
    const to = link(await serve({ streams: { wait } }))
    const items = to.subscribe('wait', null)[Symbol.asyncIterator]()
    await items.next()
    allowList.replace({ version: 2n, entries: [entry(server)] })
    await expect(items.next()).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('a restarted server', () => {
  test('is found again; what was in flight fails as unknown and is not repeated', async () => {
    let asked = 0
    const never: RequestHandler = (payload, context) => {
      asked += 1
      return untilAborted(payload, context)
    }
    const first = await serve({ port: await freePort(), requests: { never } })
    const to = link(first)
    const pending = to.request('never', null)
    const failed = expect(pending).rejects.toMatchObject({ kind: 'unavailable', sent: true })
    await eventually('the request is there', () => asked === 1)
    await first.close()
    await failed
    const requests = { never, echo: (payload: unknown) => Promise.resolve(payload) }
    await serve({ port: first.port, requests })
    expect(await to.request('echo', 'again')).toBe('again')
    expect(asked).toBe(1)
  })

  test('a request that waits for a connection is sent once there is one', async () => {
    const first = await serve({ port: await freePort() })
    const to = link(first)
    await to.request('echo', 1)
    await first.close()
    await eventually('the link is down', () => to.state === 'connecting')
    const waiting = to.request('echo', 'patience')
    await serve({ port: first.port })
    expect(await waiting).toBe('patience')
  })

  test('a drained server finishes what it has begun', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let begun = false
    const slow = async (): Promise<string> => {
      begun = true
      await held
      return 'finished'
    }
    const first = await serve({ requests: { slow } })
    const answer = link(first).request('slow', null)
    await eventually('the request has begun', () => begun)
    const closed = first.close({ drain_ms: 10_000 })
    release()
    expect(await answer).toBe('finished')
    await closed
  })
})

test('a closed link fails what is pending and takes no more', async () => {
  const to = link(await serve({ requests: { never: untilAborted } }))
  const pending = expect(to.request('never', null)).rejects.toMatchObject({ kind: 'closed' })
  await eventually('it is up', () => to.state === 'up')
  await to.close()
  await pending
  await expect(to.request('never', null)).rejects.toBeInstanceOf(LinkError)
})

test('a link that is closed while it dials leaves no socket behind', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  const to = connect({
    endpoints: [`127.0.0.1:${address.port}`],
    identity: client,
    allowList,
    role: 'event-writer',
    limits: { hello_ms: 600_000 },
  })
  const [socket] = await eventually('it dials', () => sockets.length > 0 && sockets)
  const closed = new Promise<void>((resolve) => socket?.once('close', () => resolve()).resume())
  await to.close()
  await closed
  await new Promise((resolve) => silent.close(resolve))
})
