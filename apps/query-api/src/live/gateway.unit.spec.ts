import { type EventEmitter, once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type Server as HttpServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { Server } from 'socket.io'
import { io, Manager } from 'socket.io-client'
import { LiveGateway } from './gateway.js'
import { type LiveSessions } from './sessions.js'

/** As long as a slow machine needs. */
const CONNECT_MS_MAX = 45_000

let http: HttpServer
let live: Server
let closed: unknown[]
const agent = new Agent({ keepAlive: true })
afterEach(async () => {
  agent.destroy()
  await live.close()
})

/** A server with the gateway, where every token is good. */
async function serve(isClosed: boolean, connectTimeout = CONNECT_MS_MAX): Promise<number> {
  closed = []
  http = createServer()
  live = new Server(http, { connectTimeout, serveClient: false })
  const sessions = {
    ...{ isClosed, attach: () => undefined, authenticate: () => Promise.resolve(), open: () => undefined },
    close: (socket: unknown) => closed.push(socket),
  }
  const gateway = new LiveGateway(sessions as unknown as LiveSessions)
  const namespace = live.of('/live')
  gateway.afterInit(namespace)
  namespace.on('connection', (socket) => {
    gateway.handleConnection(socket)
    socket.on('disconnect', () => gateway.handleDisconnect(socket))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return (http.address() as AddressInfo).port
}

const ask = (port: number, path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path }, (response) => resolve(response.resume())).on('error', reject)
  })

const HANDSHAKE = '/socket.io/?EIO=4&transport=polling'

/** Everything that the server says to a websocket's handshake, until it closes the connection. */
async function upgrade(port: number, more = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const key = Buffer.alloc(16).toString('base64')
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket${more} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
      `sec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
  )
  return text(socket)
}

describe('a planned stop', () => {
  test('refuses who is new, lets the others go on, and is not held up by who asks again and again', async () => {
    const port = await serve(true)
    const refusal = await ask(port, HANDSHAKE)
    expect([refusal.statusCode, refusal.headers['retry-after'], refusal.headers.connection]).toEqual([
      503,
      '1',
      'close',
    ])
    // The engine does not know it: it was asked.
    expect((await ask(port, `${HANDSHAKE}&sid=known`)).statusCode).toBe(400)
    await new Promise((resolve) => http.close(resolve))
  })

  test('refuses a websocket in the same words', async () => {
    const port = await serve(true)
    const [head = ''] = (await upgrade(port)).split('\r\n\r\n')
    const [status, ...headers] = head.split('\r\n')
    expect(status).toBe('HTTP/1.1 503 Service Unavailable')
    expect(headers).toEqual(expect.arrayContaining(['retry-after: 1', 'connection: close']))
    expect(await upgrade(port, '&sid=known')).toMatch(/^HTTP\/1.1 400 /)
  })
})

test('without a stop everybody comes in', async () => {
  const port = await serve(false)
  expect((await ask(port, HANDSHAKE)).statusCode).toBe(200)
})

test('nobody comes in where no token is asked for, and is sent away', async () => {
  const port = await serve(false, 2_000)
  const manager = new Manager(`http://127.0.0.1:${port}`, { reconnection: false, transports: ['websocket'] })
  const gone = new Promise((resolve) => manager.on('close', resolve))
  await new Promise<void>((resolve) => manager.on('open', resolve))
  const told = new Promise((resolve) => manager.engine.on('data', resolve))
  manager.engine.write('0')
  expect(await told).toContain('connect to the namespace /live')
  expect(await gone).toBe('transport close')
})

test('nobody stays on a connection whose socket has left', async () => {
  const port = await serve(false)
  const socket = io(`http://127.0.0.1:${port}/live`, { reconnection: false, transports: ['websocket'] })
  await once(socket as never, 'connect')
  const gone = new Promise((resolve) => socket.io.on('close', resolve))
  // As its client would not: it leaves the namespace and keeps the connection.
  socket.io.engine.write('1/live,')
  expect(await gone).toBe('transport close')
  expect(closed).toHaveLength(1)
})

describe('whoever asks again and again to be let in is sent away, whether it reads the refusals or not', () => {
  const CONNECTS_MAX = 10

  /** A websocket of a client that writes packets itself, and what the server says of its connection. */
  async function connected(before: readonly string[]): Promise<{
    readonly manager: Manager
    readonly told: string[]
    readonly gone: Promise<unknown>
  }> {
    // Not the time sends it away.
    const port = await serve(false, 60_000)
    const manager = new Manager(`http://127.0.0.1:${port}`, { reconnection: false, transports: ['websocket'] })
    const [connection] = (await once(live.engine as EventEmitter, 'connection')) as [EventEmitter]
    const gone = once(connection, 'close')
    await new Promise<void>((resolve) => manager.on('open', resolve))
    const told: string[] = []
    manager.engine.on('data', (data: string) => told.push(data))
    for (const packet of before) {
      const answered = once(manager.engine as never, 'data')
      manager.engine.write(packet)
      await answered
    }
    return { manager, told, gone }
  }

  test.each([
    ['before it is let in', []],
    ['afterwards', ['0/live,']],
  ])('%s, unread', async (_, before) => {
    const { manager, gone } = await connected(before)
    const { ws } = manager.engine.transport as unknown as { ws: { _socket: Socket } }
    ws._socket.pause()
    for (let times = 0; times < 5_000; times += 1) manager.engine.write('0/x,')
    expect(await gone).toEqual(expect.arrayContaining(['forced close']))
    ws._socket.destroy()
  })

  test('read: it is told why as often as it may ask', async () => {
    const { manager, told, gone } = await connected([])
    const closed = once(manager as never, 'close')
    for (let times = 0; times < 50; times += 1) manager.engine.write('0/x,')
    await gone
    await closed
    expect(told).toEqual(Array.from({ length: CONNECTS_MAX }, () => '4/x,{"message":"Invalid namespace"}'))
  })
})
