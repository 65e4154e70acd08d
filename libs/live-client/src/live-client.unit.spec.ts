import { createServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { eventually } from '#testing'
import { connectLive, type Live, type LiveOptions } from './connect-live.js'
import { type LiveProblem } from './live-error.js'
import { type LiveState } from './states.js'
import { type LiveUpdate } from './watch.js'
import { type Subscribe } from './wire.js'

/** A server that answers each subscribe with a state, the next position each time. */
let http: HttpServer
let server: Server
let sockets: Socket[]
let asked: Subscribe[]
const open: Live[] = []

const problem = (status: number, code: string): LiveProblem => ({ status, code, title: code, detail: code })

beforeEach(async () => {
  sockets = []
  asked = []
  http = createServer()
  server = new Server(http)
  server.of('/live').on('connection', (socket) => {
    sockets.push(socket)
    socket.on('subscribe', (request: Subscribe, answer: (message: unknown) => void) => {
      asked.push(request)
      answer({ ok: true, subscription: `s${asked.length}`, position: `${asked.length}`, data: {} })
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const each of open.splice(0)) each.close()
  await server.close()
})

function connect(options: Partial<LiveOptions> = {}): Live {
  const live = connectLive({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, token: 't', ...options })
  open.push(live)
  return live
}

const watching = (live: Live, resource: string): LiveUpdate[] => {
  const told: LiveUpdate[] = []
  live.watch(resource, (update) => told.push(update))
  return told
}

test('what is watched when it is told to be live is subscribed once', async () => {
  let told: LiveUpdate[] = []
  const live = connect({ onState: (state) => state === 'live' && (told = watching(live, '/a')) })
  await eventually('it is told', () => told.length > 0)
  // Whatever else it has asked for has come by the time that this is answered.
  const after = watching(live, '/b')
  await eventually('so is the next', () => after.length > 0)
  expect(asked).toEqual([{ resource: '/a' }, { resource: '/b' }])
  expect(told).toHaveLength(1)
})

test.each(['a lost connection', 'a planned stop'])(
  'closed when it is told of %s, it does not come back',
  async (why) => {
    const states: LiveState[] = []
    const token = jest.fn(() => 't')
    const live = connect({
      token,
      onState: (state) => {
        states.push(state)
        if (state === 'reconnecting') live.close()
      },
    })
    await eventually('it is connected', () => states.length === 1)
    jest.useFakeTimers({
      doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
    })
    try {
      if (why === 'a planned stop') sockets[0]?.emit('closing', { reconnectInMs: 0, reason: 'stopping' })
      else sockets[0]?.disconnect(true)
      await eventually('it is closed', async () => {
        await jest.advanceTimersByTimeAsync(1_000)
        return live.state === 'closed'
      })
      await jest.advanceTimersByTimeAsync(10_000)
    } finally {
      jest.useRealTimers()
    }
    expect(states).toEqual(['live', 'reconnecting', 'closed'])
    expect(token).toHaveBeenCalledTimes(1)
  },
)

test('a subscription that the server ends is begun again if that may help, after the last update; the others go on', async () => {
  const live = connect()
  const [a, b] = [watching(live, '/a'), watching(live, '/b')]
  await eventually('both are watched', () => a.length === 1 && b.length === 1)
  sockets[0]?.emit('ended', { subscription: 's1', problem: problem(503, 'not-fresh-enough') })
  await eventually('it is asked for again', () => asked.length === 3)
  expect(asked.at(-1)).toEqual({ resource: '/a', after: '1' })
  sockets[0]?.emit('change', { subscription: 's2', position: '9', data: {} })
  await eventually('the other is told', () => b.length === 2)
  expect(live.state).toBe('live')
})

test('and is told to its watcher if not, once; nothing is unsubscribed that is not there', async () => {
  const errors: Error[] = []
  const live = connect({ onError: (error) => errors.push(error) })
  const a = watching(live, '/a')
  await eventually('it is watched', () => a.length === 1)
  const said: string[] = []
  sockets[0]?.onAny((event: string) => said.push(event))
  for (let times = 0; times < 2; times += 1)
    sockets[0]?.emit('ended', { subscription: 's1', problem: problem(403, 'forbidden') })
  await eventually('it is told', () => errors.length > 0)
  const b = watching(live, '/b')
  await eventually('others are watched', () => b.length === 1)
  expect(errors).toMatchObject([{ resource: '/a', problem: { code: 'forbidden' } }])
  expect(said).toEqual(['subscribe'])
})

test('a page is told once that it gives no token, and goes on when it does', async () => {
  const errors: Error[] = []
  const states: LiveState[] = []
  const token = jest
    .fn()
    .mockRejectedValueOnce(new Error('signed out'))
    .mockRejectedValueOnce('gone')
    .mockResolvedValue('t')
  const live = connect({ token, onError: (error) => errors.push(error), onState: (state) => states.push(state) })
  const told = watching(live, '/a')
  await eventually('it is watched', () => told.length > 0)
  expect(errors).toEqual([new Error('there is no token: signed out')])
  expect(states).toEqual(['live'])
  expect(token).toHaveBeenCalledTimes(3)
})
