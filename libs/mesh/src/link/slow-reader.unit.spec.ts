import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { type AddressInfo } from 'node:net'
import { eventually } from '#testing'
import { AllowList, connect, createIdentity, type Link, type LinkServer, listen } from '../index.js'

const ITEMS = 1_000
const ITEM = Buffer.alloc(64 * 1024)
/** What the kernel takes for the two sockets of the relay, roughly; what is sent is twice that. */
const KERNEL_BYTES = 32 * 1024 * 1024
/** No silence ends the link while the test holds it up. */
const LIMITS = { unsent_bytes_max: 256 * 1024, heartbeat_ms: 30_000, dead_ms: 60_000 }

let server: LinkServer
let link: Link
let relay: Server
let towardsClient: { readonly from: Socket; readonly to: Socket }[]
let written: number

beforeEach(async () => {
  written = 0
  towardsClient = []
  const identity = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  const client = await createIdentity({ role: 'projector', instance: 'projector-1' })
  const entries = [identity, client].map(({ spki, role, instance }) => ({ spki, role, instance }))
  const allowList = new AllowList({ version: 1n, entries })
  server = await listen({
    host: '127.0.0.1',
    port: 0,
    identity,
    allowList,
    accept: ['projector'],
    limits: LIMITS,
    requests: {},
    streams: {
      items: async (_, { write }) => {
        for (; written < ITEMS; written += 1) await write(ITEM)
      },
    },
  })
  relay = createServer((socket) => {
    const onwards = connectTcp(server.port, '127.0.0.1')
    socket.pipe(onwards).pipe(socket)
    for (const each of [socket, onwards]) each.on('error', () => each.destroy())
    towardsClient.push({ from: onwards, to: socket })
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port } = relay.address() as AddressInfo
  link = connect({
    endpoints: [`127.0.0.1:${port}`],
    identity: client,
    allowList,
    role: 'event-writer',
    limits: LIMITS,
  })
})
afterEach(async () => {
  await link.close()
  for (const { from, to } of towardsClient) for (const each of [from, to]) each.destroy()
  await server.close()
  await new Promise((resolve) => relay.close(resolve))
})

test('what is sent to a reader that takes nothing off the wire is bounded, however much credit it gave', async () => {
  const items = link.subscribe('items', null, { credit: 2 * ITEMS })[Symbol.asyncIterator]()
  await items.next()
  const [way] = towardsClient
  if (!way) throw new Error('nobody came by the relay')
  way.from.unpipe(way.to)
  way.from.pause()
  let before = -1
  let looks = 0
  await eventually('the writing stands still', () => {
    looks = written === before ? looks + 1 : 0
    before = written
    return looks === 50
  })
  expect(written).toBeLessThan(ITEMS)
  expect(written * ITEM.length).toBeLessThan(KERNEL_BYTES)
  way.from.pipe(way.to)
  let count = 1
  while (!(await items.next()).done) count += 1
  expect(count).toBe(ITEMS)
})
