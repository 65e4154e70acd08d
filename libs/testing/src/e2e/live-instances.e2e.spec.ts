import { connect, createServer, type Server, type Socket as TcpSocket } from 'node:net'
import { io, type Socket } from 'socket.io-client'
import { connectLive, type LiveUpdate } from '#live-client'
import { eventually } from '../eventually.js'
import { freePort } from '../servers/free-port.js'
import { shortLived } from '../short-lived.js'
import { AnotherQueryApi } from './another-query-api.js'
import { Posting } from './posting.js'
import { System } from './system.js'

let system: System
let api: AnotherQueryApi
const sockets: Socket[] = []
beforeAll(async () => {
  system = await System.open()
})
afterEach(async () => {
  for (const each of sockets.splice(0)) each.disconnect()
  await api.kill()
})

/** @throws the problem that it was refused with. */
async function socketTo(url: string, token = system.token): Promise<Socket> {
  const socket = io(`${url}/live`, { auth: { token }, transports: ['websocket'], reconnection: false, forceNew: true })
  sockets.push(socket)
  await new Promise<void>((done, fail) => {
    socket.once('connect', done)
    socket.once('connect_error', fail)
  })
  return socket
}

const subscribe = async (socket: Socket, resource: string): Promise<{ ok: boolean; problem?: { detail: string } }> =>
  (await socket.emitWithAck('subscribe', { resource })) as { ok: boolean; problem?: { detail: string } }

test('a token subject has so many sockets and subscriptions, and is told what to do', async () => {
  api = await AnotherQueryApi.start(system, { LIVE_SOCKETS_PER_SUBJECT: '2', LIVE_SUBSCRIPTIONS_PER_SUBJECT: '3' })
  const book = await system.newBook('a')
  const [first, second] = [await socketTo(api.url), await socketTo(api.url)]
  const tooMany = { data: { status: 429, code: 'too-many-requests' } }
  await expect(socketTo(api.url)).rejects.toMatchObject(tooMany)
  await socketTo(api.url, await system.tokenFor('reader'))
  const path = `/v1/ledger/books/${book}`
  for (const each of [first, first, second]) expect(await subscribe(each, path)).toMatchObject({ ok: true })
  const refused = await subscribe(second, path)
  expect(refused).toMatchObject({ ok: false, problem: { status: 429, code: 'too-many-requests' } })
  expect(refused.problem?.detail).toContain('unsubscribe from some')
  // A socket that goes gives back its place, and what it held.
  first.disconnect()
  const third = await eventually('there is room again', () => socketTo(api.url).catch(() => false as const))
  for (let held = 1; held < 3; held += 1) expect(await subscribe(third, path)).toMatchObject({ ok: true })
  expect(await subscribe(third, path)).toMatchObject({ ok: false })
})

test('a message that is none is refused by name', async () => {
  api = await AnotherQueryApi.start(system)
  const socket = await socketTo(api.url)
  expect(await socket.emitWithAck('publish', { anything: 1 })).toMatchObject({
    ok: false,
    problem: { status: 400, errors: [{ field: 'event', rule: 'known' }] },
  })
})

test('before its token expires a socket is told to come back, and is closed when it has', async () => {
  api = await AnotherQueryApi.start(system)
  const socket = await shortLived(async (ttl_s) =>
    socketTo(api.url, await system.tokenFor('reader', undefined, ttl_s)).catch(() => undefined),
  )
  const seen: unknown[] = []
  socket.on('closing', (message) => seen.push(message))
  socket.on('disconnect', () => seen.push('disconnect'))
  await eventually('it is closed', () => !socket.connected)
  const told = { reason: 'token-expires', reconnectInMs: expect.any(Number) as number }
  expect(seen).toEqual([told, 'disconnect'])
})

/** A balancer of one connection after the other: `to` says where the next one goes. */
class Balancer {
  to = 0
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(): Promise<Balancer> {
    const port = await freePort()
    const server = createServer((client) => balancer.forward(client)).listen(port, '127.0.0.1')
    const balancer = new Balancer(server, `http://127.0.0.1:${port}`)
    return balancer
  }

  close(): void {
    this.server.close()
  }

  private forward(client: TcpSocket): void {
    const server = connect(this.to, '127.0.0.1')
    client.pipe(server).pipe(client)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const)
      from.on('error', () => undefined).on('close', () => void to.destroy())
  }
}

test('a planned stop moves sockets a few at a time, keeps new ones out, and loses nothing', async () => {
  api = await AnotherQueryApi.start(system)
  const balancer = await Balancer.open()
  balancer.to = api.port
  const live = connectLive({ url: balancer.url, token: system.token })
  let posting: Posting | undefined
  try {
    const book = await system.newBook('a', 'b')
    const told: LiveUpdate<{ items: { id: string }[] }>[] = []
    live.watch<{ items: { id: string }[] }>(`/v1/ledger/books/${book}/transactions`, (each) => told.push(each))
    await eventually('it is watched', () => told.length === 1)
    balancer.to = Number(new URL(system.queries).port)
    for (let group = 0; group < 10; group += 1) await Promise.all(Array.from({ length: 80 }, () => socketTo(api.url)))
    // Who is slow to answer is asked again, without waiting for him.
    const handshake = `${api.url}/socket.io/?EIO=4&transport=polling`
    const answers: Promise<Response | undefined>[] = []
    const ask = (): void => void answers.push(fetch(handshake).catch(() => undefined))
    const closings: { reason: string; connected: number }[] = []
    for (const each of sockets)
      each.on('closing', ({ reason }: { reason: string }) => {
        if (closings.length === 0) ask()
        closings.push({ reason, connected: sockets.filter(({ connected }) => connected).length })
      })
    posting = new Posting(system, book)
    const { posted } = posting
    await eventually('changes flow', () => told.length > 5)
    // Who waits for what does not come is let go last, and all the while new ones are refused.
    sockets[0]?.emit('subscribe', { resource: `/v1/ledger/books/${book}`, minPosition: '999999999999' })
    const stopped = api.stop()
    const asking = setInterval(ask, 50)
    expect(await stopped.finally(() => clearInterval(asking))).toBe(0)
    const refusals = (await Promise.all(answers)).filter((answer) => answer?.status === 503)
    expect(refusals.length).toBeGreaterThan(0)
    expect(new Set(refusals.map((answer) => answer?.headers.get('retry-after')))).toEqual(new Set(['1']))
    const before = told.length
    await eventually('changes flow from the other instance', () => told.length > before + 5)
    await posting.end()
    await eventually('all is told', () => told.flatMap(({ data }) => data.items).length >= posted.length)
    expect(told.flatMap(({ data }) => data.items.map(({ id }) => id))).toEqual(posted)
    expect(new Set(closings.map(({ reason }) => reason))).toEqual(new Set(['stopping']))
    expect(closings).toHaveLength(sockets.length)
    // While the first went most of the others stayed.
    expect(closings[0]?.connected).toBeGreaterThan(sockets.length / 2)
  } finally {
    await posting?.end()
    live.close()
    balancer.close()
  }
})
