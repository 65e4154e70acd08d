import { createServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { connectLive } from '#live-client'
import { eventually } from '#testing'
import { Applied } from '../judge/applied.js'
import { judgeItems } from '../judge/judge-items.js'
import { judgeStates } from '../judge/judge-states.js'
import { ReadFindings } from '../judge/read-findings.js'
import { RawLive } from './raw-live.js'
import { Watcher } from './watcher.js'

interface Asked {
  readonly resource: string
  readonly after?: string
}

/** A server that answers each subscribe as the test says, and sends what the test sends. */
let http: HttpServer
let server: Server
let sockets: Socket[]
let asked: Asked[]
let answer: (request: Asked) => object
let watcher: Watcher | undefined

const isList = ({ resource }: Asked): boolean => resource.endsWith('/transactions')
const page = (...ids: readonly number[]): object => ({ items: ids.map((id) => ({ id: String(id) })) })
const balance = (amount: number): object => ({ balances: [{ amount: String(amount) }] })
/** Of a log whose transactions 0, 1 and 2 are at positions 10, 20 and 30. */
const applied = new Applied([10n, 20n, 30n].map((position) => ({ position })))

beforeEach(async () => {
  sockets = []
  asked = []
  answer = (request) => ({ position: '10', data: isList(request) ? page(0) : balance(1) })
  http = createServer()
  server = new Server(http)
  server.of('/live').on('connection', (socket) => {
    sockets.push(socket)
    socket.on('subscribe', (request: Asked, reply: (message: object) => void) => {
      asked.push(request)
      reply({ ok: true, subscription: isList(request) ? 'list' : 'document', ...answer(request) })
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  watcher?.close()
  await server.close()
})

const where = (): { url: string; token: string } => ({
  url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
  token: 't',
})

async function watching(): Promise<Watcher> {
  const opened = new Watcher('b', (onError) => new RawLive({ ...where(), onError }))
  watcher = opened
  await eventually('both are watched', () => opened.items.length === 1 && opened.states.length === 1)
  return opened
}

const change = (subscription: string, position: number, data: object): void =>
  void sockets.at(-1)?.emit('change', { subscription, position: String(position), data })

/** Several changes, one after the other. */
const lists = (...told: readonly (readonly [position: number, id: number])[]): void =>
  told.forEach(([position, id]) => change('list', position, page(id)))
const documents = (...told: readonly (readonly [position: number, amount: number])[]): void =>
  told.forEach(([position, amount]) => change('document', position, balance(amount)))

function counts({ items, states }: Watcher): object {
  const findings = new ReadFindings()
  judgeItems('b', items, applied, findings)
  judgeStates('b', states, applied, findings)
  const { missed, doubled, out_of_order, stale_answers } = findings.counts
  return { missed, doubled, out_of_order, stale_answers }
}
const SOUND = { missed: 0, doubled: 0, out_of_order: 0, stale_answers: 0 }

test('what is told once and in order is sound', async () => {
  const told = await watching()
  for (const [at, id] of [1, 2].entries()) {
    change('list', 20 + 10 * at, page(id))
    change('document', 20 + 10 * at, balance(id + 1))
  }
  await eventually('all is told', () => told.position === 30n)
  expect(counts(told)).toEqual(SOUND)
})

test('a change that comes twice is there twice, and is found', async () => {
  const told = await watching()
  change('document', 30, balance(3))
  lists([20, 1], [20, 1], [30, 2])
  await eventually('all is told', () => told.position === 30n)
  expect(told.items).toHaveLength(4)
  expect(counts(told)).toEqual({ ...SOUND, doubled: 1, out_of_order: 1 })
})

test('an older state that comes after a newer one is there, and is found', async () => {
  const told = await watching()
  lists([20, 1], [30, 2])
  documents([30, 3], [20, 2], [30, 3])
  await eventually('all is told', () => told.states.length === 4)
  expect(counts(told)).toEqual({ ...SOUND, out_of_order: 1 })
})

test('the live client keeps both to itself, which is why it is not the only one that watches', async () => {
  const told = new Watcher('b', (onError) => connectLive({ ...where(), onError }))
  watcher = told
  await eventually('both are watched', () => told.items.length === 1 && told.states.length === 1)
  change('document', 30, balance(3))
  change('document', 20, balance(2))
  lists([20, 1], [20, 1], [30, 2])
  await eventually('all is told', () => told.position === 30n)
  expect(counts(told)).toEqual(SOUND)
})

test('after a lost connection it goes on where it was told last, or with the state that it is reset to', async () => {
  const told = await watching()
  change('list', 20, page(1))
  await eventually('it is told', () => told.items.length === 2)
  answer = ({ after, resource }) => ({
    position: '30',
    changes: isList({ resource }) ? [{ position: '30', data: page(2) }] : [],
    ...(after === undefined ? { changes: undefined, data: {} } : {}),
  })
  sockets.at(-1)?.disconnect(true)
  await eventually('it is told what it missed', () => told.items.length === 3)
  expect(asked.slice(2).map(({ after }) => after)).toEqual(['20', '10'])
  sockets.at(-1)?.emit('reset', { subscription: 'document', position: '30', data: balance(3) })
  await eventually('it is reset', () => told.position === 30n)
  expect(told.states.map(({ kind }) => kind)).toEqual(['snapshot', 'reset'])
  expect(counts(told)).toEqual(SOUND)
})

test('a subscription that ends for now is asked for again, and one that ends for good is told', async () => {
  const told = await watching()
  const end = (status: number): void =>
    void sockets.at(-1)?.emit('ended', { subscription: 'list', problem: { status, detail: 'no more' } })
  end(503)
  await eventually('it is asked for again', () => asked.length === 3 && told.items.length === 2)
  expect(asked.at(-1)).toEqual({ resource: '/v1/ledger/books/b/transactions', after: '10' })
  end(404)
  await eventually('it is told', () => told.errors.length === 1)
  expect(told.errors).toEqual(['b: /v1/ledger/books/b/transactions: no more'])
})
