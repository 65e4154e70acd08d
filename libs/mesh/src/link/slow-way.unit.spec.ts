import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { type AddressInfo } from 'node:net'
import { eventually } from '#testing'
import { AllowList, connect, createIdentity, type Limits, type Link, type LinkServer, listen } from '../index.js'

const DEAD_MS = 1_000
const BYTES = 512 * 1024
/** More than kernels take for a socket of the relay. */
const ANSWERS = 64
const ANSWER = Buffer.alloc(512 * 1024)

let now_ms: number
let handled: number
let server: LinkServer
let link: Link
let relay: Server
let way: { readonly client: Socket; readonly onwards: Socket }

beforeEach(() => {
  now_ms = performance.now()
  handled = 0
  jest.spyOn(performance, 'now').mockImplementation(() => now_ms)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await link.close()
  way.client.destroy()
  way.onwards.destroy()
  await server.close()
  await new Promise((resolve) => relay.close(resolve))
})

/** A link by way of a relay, which is up. Time stands still for both ends, and heartbeats go on. */
async function linked(limits: Partial<Limits>, ofClient: Partial<Limits> = {}): Promise<void> {
  const identity = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  const client = await createIdentity({ role: 'command-api', instance: 'command-api-1' })
  const entries = [identity, client].map(({ spki, role, instance }) => ({ spki, role, instance }))
  const allowList = new AllowList({ version: 1n, entries })
  const all = { heartbeat_ms: 10, dead_ms: DEAD_MS, ...limits }
  server = await listen({
    ...{ host: '127.0.0.1', port: 0, identity, allowList, accept: ['command-api'], limits: all },
    requests: {
      lengthOf: (payload) => Promise.resolve((payload as Buffer).length),
      large: () => {
        handled += 1
        return Promise.resolve(ANSWER)
      },
    },
  })
  relay = createServer((socket) => {
    const onwards = connectTcp(server.port, '127.0.0.1')
    socket.pipe(onwards).pipe(socket)
    for (const each of [socket, onwards]) each.on('error', () => each.destroy())
    way = { client: socket, onwards }
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port } = relay.address() as AddressInfo
  link = connect({
    ...{ endpoints: [`127.0.0.1:${port}`], identity: client, allowList, role: 'event-writer' },
    limits: { ...all, ...ofClient },
  })
  await eventually('it is up', () => link.state === 'up')
}

/** Both ends have looked at the clock several times, and whatever came has been read. */
async function someBeats(): Promise<void> {
  const { calls } = jest.mocked(performance.now).mock
  const before = calls.length
  await eventually('hearts have beaten', () => calls.length > before + 10)
}

test('who sends something large over a slow way is heard for as long as it comes', async () => {
  await linked({})
  way.client.unpipe(way.onwards)
  const held: Buffer[] = []
  way.client.on('data', (bytes: Buffer) => held.push(bytes)).resume()
  const asked = link.request('lengthOf', Buffer.alloc(BYTES))
  const answer = { isThere: false }
  const over = (): boolean => (answer.isThere = true)
  void asked.then(over, over)
  let steps = 0
  while (!answer.isThere) {
    const bytes = held.shift()
    if (bytes) {
      now_ms += DEAD_MS / 3
      way.onwards.write(bytes)
      steps += 1
    }
    await someBeats()
  }
  expect(await asked).toBe(BYTES)
  expect(steps).toBeGreaterThan(4)
})

/** Answers that nobody takes are on their way. */
async function askedForMuch(): Promise<{ readonly asked: Promise<unknown[]> }> {
  await linked({ unsent_bytes_max: 64 * 1024 }, { dead_ms: 1_000 * DEAD_MS })
  way.onwards.unpipe(way.client).pause()
  const asked = Promise.all(Array.from({ length: ANSWERS }, () => link.request('large', null)))
  await eventually('all are on their way', () => handled === ANSWERS)
  return { asked }
}

test('who is not read from, because it is slow to take its answers, is waited for', async () => {
  const { asked } = await askedForMuch()
  now_ms += 10 * DEAD_MS
  await someBeats()
  expect(server.connections).toHaveLength(1)
  way.onwards.pipe(way.client)
  expect(await asked).toHaveLength(ANSWERS)
})

test('who is not read from, and takes nothing for very long, is given up', async () => {
  const { asked } = await askedForMuch()
  const failed = asked.catch(() => 'failed')
  await someBeats()
  now_ms += 21 * DEAD_MS
  await eventually('it is given up', () => server.connections.length === 0)
  way.client.destroy()
  await link.close()
  expect(await failed).toBe('failed')
})
