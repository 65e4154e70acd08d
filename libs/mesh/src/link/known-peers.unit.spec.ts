import { connect as tlsConnect, createServer, type Server, type TLSSocket } from 'node:tls'
import { eventually } from '#testing'
import { AllowList, connect, createIdentity, type Identity, type Link, type LinkServer, listen } from '../index.js'
import { Kind, PROTOCOL_VERSION } from '../wire/messages.js'
import { FrameSocket } from '../wire/frames.js'
import { TLS_OPTIONS } from './peer-check.js'

let server: Identity
let client: Identity
let allowList: AllowList
let refusals: string[]
let handled: number
let ended: (() => unknown)[]

const entry = ({ spki, role, instance }: Identity, as = role) => ({ spki, role: as, instance })

/** A list that allows what the process of this name knows, apart from the one that the other side has. */
const listOf = (...entries: ReturnType<typeof entry>[]): AllowList => new AllowList({ version: 1n, entries })

beforeEach(async () => {
  server = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  client = await createIdentity({ role: 'command-api', instance: 'command-api-1' })
  allowList = listOf(entry(server), entry(client))
  refusals = []
  handled = 0
  ended = []
})
afterEach(async () => {
  for (const end of ended.reverse()) await end()
})

const nothing = (): void => undefined
const logger = {
  debug: nothing,
  info: nothing,
  error: nothing,
  warn: (fields: object) => void refusals.push(String((fields as { reason?: unknown }).reason)),
}

async function serve(limits: { frame_bytes_max?: number } = {}): Promise<LinkServer> {
  const opened = await listen({
    host: '127.0.0.1',
    port: 0,
    identity: server,
    allowList,
    accept: ['command-api'],
    requests: {
      echo: (payload) => {
        handled += 1
        return Promise.resolve(payload)
      },
    },
    limits,
    logger,
  })
  ended.push(() => opened.close())
  return opened
}

function link(port: number, identity: Identity, list = allowList, limits: { frame_bytes_max?: number } = {}): Link {
  const opened = connect({
    endpoints: [`127.0.0.1:${port}`],
    identity,
    allowList: list,
    role: 'event-writer',
    limits: { backoff_ms_min: 5, backoff_ms_max: 50, ...limits },
  })
  ended.push(() => opened.close())
  return opened
}

/** A peer that does as it likes: a bare TLS socket. */
async function bare(port: number, options: object): Promise<{ socket: TLSSocket; closed: Promise<void> }> {
  const socket = tlsConnect({ ...TLS_OPTIONS, host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  ended.push(() => socket.destroy())
  socket.on('error', nothing)
  socket.resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => {
    socket.once('secureConnect', resolve)
    socket.once('close', () => resolve())
  })
  return { socket, closed }
}

const keyOf = ({ keyPem, certPem }: Identity): object => ({ key: keyPem, cert: certPem })

function hello(socket: TLSSocket, role: string): FrameSocket {
  const frames = new FrameSocket(socket, 1_000_000, { message: nothing, violation: nothing })
  frames.send([Kind.hello, PROTOCOL_VERSION, role, 'anyone'])
  frames.send([Kind.request, 1, 'echo', 1_000, 'let me in'])
  return frames
}

describe('the server refuses', () => {
  test('a key that is on no list, whatever its certificate says', async () => {
    const { port, connections } = await serve()
    const stranger = await createIdentity({ role: 'command-api', instance: client.instance })
    const to = link(port, stranger)
    await eventually('it is refused', () => refusals.some((reason) => reason.includes(stranger.spki)))
    expect(to.state).toBe('connecting')
    expect(connections).toEqual([])
    expect(handled).toBe(0)
  })

  test('a key that is listed for another role, in its own role and in the one it claims', async () => {
    const projector = await createIdentity({ role: 'projector', instance: 'projector-1' })
    allowList.replace({ version: 2n, entries: [...allowList.entries, entry(projector)] })
    const { port } = await serve()
    for (const role of ['projector', 'command-api']) {
      const { socket, closed } = await bare(port, keyOf(projector))
      hello(socket, role)
      await closed
      expect(refusals.join()).toContain(`${projector.spki} is not allowed here as "command-api"`)
    }
    expect(handled).toBe(0)
  })

  test('a peer without a certificate', async () => {
    const { port } = await serve()
    const { socket, closed } = await bare(port, {})
    hello(socket, 'command-api')
    await closed
    expect(refusals).toEqual(['no certificate came'])
    expect(handled).toBe(0)
  })

  test('who has not finished its handshake when the server closes, which waits for nobody', async () => {
    const opened = await serve()
    const { port } = opened
    // The server has not read the end of the handshake yet.
    const { closed } = await bare(port, keyOf(client))
    await opened.close()
    await closed
    expect(refusals).toEqual(['closing'])
    expect(opened.connections).toEqual([])
  })

  test('a certificate that is out of its dates', async () => {
    const short = await createIdentity({ role: 'command-api', instance: 'short', validity_ms: 1 })
    allowList.replace({ version: 2n, entries: [...allowList.entries, entry(short)] })
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5_000)
    try {
      const { port } = await serve()
      const { socket, closed } = await bare(port, keyOf(short))
      hello(socket, 'command-api')
      await closed
    } finally {
      clock.mockRestore()
    }
    expect(refusals[0]).toBe('the certificate is out of its dates')
    expect(handled).toBe(0)
  })

  test('a request before the hello, and another protocol version', async () => {
    const { port } = await serve()
    const early = await bare(port, keyOf(client))
    const one = new FrameSocket(early.socket, 1_000, { message: nothing, violation: nothing })
    one.send([Kind.request, 1, 'echo', 1_000, null])
    await early.closed
    const other = await bare(port, keyOf(client))
    const two = new FrameSocket(other.socket, 1_000, { message: nothing, violation: nothing })
    two.send([Kind.hello, PROTOCOL_VERSION + 1, 'command-api', client.instance])
    await other.closed
    expect(refusals[0]).toContain('no hello')
    expect(refusals[1]).toContain(`protocol ${PROTOCOL_VERSION + 1}`)
    expect(handled).toBe(0)
  })

  test('whatever else a frame holds after what it refused, once', async () => {
    const { port } = await serve()
    const { socket, closed } = await bare(port, keyOf(client))
    const frames = new FrameSocket(socket, 1_000, { message: nothing, violation: nothing })
    for (let at = 0; at < 100; at += 1) frames.send([Kind.ping])
    await closed
    expect(refusals).toEqual(['the first message is no hello'])
  })

  test('TLS below 1.3', async () => {
    const { port, connections } = await serve()
    const { closed } = await bare(port, { ...keyOf(client), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
    await closed
    expect(connections).toEqual([])
  })

  test('who brings a session of somebody instead of a key', async () => {
    const { port } = await serve()
    const sessions: Buffer[] = []
    const first = await bare(port, keyOf(client))
    first.socket.on('session', (session: Buffer) => sessions.push(session))
    hello(first.socket, 'command-api')
    await eventually('the request was handled', () => handled === 1)
    for (const session of [...sessions, undefined]) {
      refusals = []
      const { socket, closed } = await bare(port, session ? { session } : {})
      hello(socket, 'command-api')
      await closed
      expect(['the session was resumed', 'no certificate came']).toContain(refusals[0])
    }
    expect(handled).toBe(1)
  })
})

describe('a frame that is too large', () => {
  test('is refused before it is sent, and the link lives on', async () => {
    const { port } = await serve()
    const to = link(port, client, allowList, { frame_bytes_max: 1_000 })
    await expect(to.request('echo', 'x'.repeat(2_000))).rejects.toMatchObject({ kind: 'refused', sent: false })
    expect(await to.request('echo', 'small')).toBe('small')
    expect(handled).toBe(1)
  })

  test('from a peer closes its socket without waiting for the rest', async () => {
    const { port } = await serve({ frame_bytes_max: 1_000 })
    const { socket, closed } = await bare(port, keyOf(client))
    hello(socket, 'command-api')
    await eventually('the peer is known', () => handled === 1)
    const head = Buffer.alloc(4)
    head.writeUInt32BE(1_001)
    socket.write(head)
    await closed
    expect(refusals).toEqual(['a frame of 1001 bytes'])
  })

  test('before the hello it is one of more than 1 KiB', async () => {
    const { port } = await serve()
    const { socket, closed } = await bare(port, keyOf(client))
    socket.write(Buffer.from([0, 0, 0x04, 0x01]))
    await closed
    expect(refusals).toEqual(['a frame of 1025 bytes'])
  })
})

describe('revoking', () => {
  test("a client's key closes its open socket at once, and it does not come back", async () => {
    const opened = await serve()
    const known = listOf(entry(server))
    const to = link(opened.port, client, known)
    await to.request('echo', 1)
    expect(opened.connections).toEqual([{ role: 'command-api', instance: client.instance, spki: client.spki }])
    allowList.replace({ version: 2n, entries: [entry(server)] })
    await eventually('the link is down', () => to.state === 'connecting')
    await eventually('it tried again and was refused', () => refusals.some((reason) => reason.includes(client.spki)))
    expect(opened.connections).toEqual([])
    expect(handled).toBe(1)
  })

  test('a role of a key that keeps another one closes it as well', async () => {
    const opened = await serve()
    const to = link(opened.port, client, listOf(entry(server)))
    await to.request('echo', 1)
    allowList.replace({ version: 2n, entries: [entry(server), entry(client, 'projector')] })
    await eventually('the link is down', () => to.state === 'connecting')
    await eventually('it was refused', () => refusals.some((reason) => reason.includes('"command-api"')))
  })

  test('one key leaves the others alone', async () => {
    const other = await createIdentity({ role: 'command-api', instance: 'command-api-2' })
    allowList.replace({ version: 2n, entries: [...allowList.entries, entry(other)] })
    const opened = await serve()
    const kept = link(opened.port, other)
    const states: string[] = []
    await kept.request('echo', 1)
    kept.onState((state) => states.push(state))
    const gone = link(opened.port, client, listOf(entry(server)))
    await gone.request('echo', 2)
    allowList.replace({ version: 3n, entries: [entry(server), entry(other)] })
    await eventually('the revoked one is down', () => gone.state === 'connecting')
    expect(await kept.request('echo', 3)).toBe(3)
    expect(states).toEqual([])
  })

  test("the server's key closes the client's side", async () => {
    const known = listOf(entry(server))
    const opened = await serve()
    const to = link(opened.port, client, known)
    await to.request('echo', 1)
    known.replace({ version: 2n, entries: [] })
    await eventually('the link is down', () => to.state === 'connecting')
    await expect(to.request('echo', 2, { timeout_ms: 200 })).rejects.toMatchObject({ kind: 'timeout', sent: false })
    expect(handled).toBe(1)
  })
})

describe('the client refuses', () => {
  /** A server that is not ours: takes any client and counts what it is told. */
  async function impostor(identity: Identity): Promise<{ port: number; heard: () => number; met: () => number }> {
    let heard = 0
    let met = 0
    const fake: Server = createServer(
      { ...TLS_OPTIONS, ...keyOf(identity), requestCert: true, rejectUnauthorized: false },
      (socket) => {
        socket.on('error', nothing)
        socket.on('data', (bytes: Buffer) => {
          heard += bytes.length
        })
      },
    )
    // Below TLS: a client that leaves at once may be gone before its side of the handshake has arrived.
    fake.on('connection', () => (met += 1))
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve))
    ended.push(() => new Promise((resolve) => fake.close(resolve)))
    const address = fake.address()
    if (typeof address !== 'object' || !address) throw new Error('no port')
    return { port: address.port, heard: () => heard, met: () => met }
  }

  test('a server whose key is not listed, before it has written a byte', async () => {
    const stranger = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
    const { port, heard, met } = await impostor(stranger)
    const to = link(port, client)
    await eventually('it met the impostor more than once', () => met() > 2)
    expect(to.state).toBe('connecting')
    await to.close()
    expect(heard()).toBe(0)
  })

  test('a server whose key is listed for another role', async () => {
    const projector = await createIdentity({ role: 'projector', instance: 'projector-1' })
    const { port, heard, met } = await impostor(projector)
    const to = link(port, client, listOf(entry(server), entry(client), entry(projector)))
    await eventually('it met the impostor more than once', () => met() > 2)
    await to.close()
    expect(heard()).toBe(0)
  })
})
