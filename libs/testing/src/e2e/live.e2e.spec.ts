import { type Socket } from 'socket.io-client'
import { eventually } from '../eventually.js'
import { move, System } from './system.js'

interface Told {
  readonly event: string
  readonly position: string
  readonly data: Record<string, unknown>
}

let system: System
let socket: Socket
let told: Told[]
beforeEach(async () => {
  system = await System.open()
  socket = await system.live()
  told = []
  for (const event of ['change', 'reset'])
    socket.on(event, (message: Omit<Told, 'event'>) => void told.push({ ...message, event }))
})
afterEach(() => void socket.disconnect())

const subscribe = (resource: string, more: object = {}): Promise<Record<string, unknown>> =>
  system.subscribe(socket, { resource, ...more })

const post = async (book: string, id: string, amount = '1'): Promise<string> => {
  const { status, body } = await system.post(`/v1/ledger/books/${book}/transactions`, move(id, amount))
  expect(status).toBe(201)
  return String(body['position'])
}

test('a watched balance answers what GET answers, then each new state', async () => {
  const book = await system.newBook('a', 'b')
  const path = `/v1/ledger/books/${book}/balances/a`
  const before = await post(book, '1')
  const ack = await subscribe(path, { minPosition: before })
  expect(ack).toMatchObject({ ok: true, data: { balances: [{ account: 'a', commodity: 'EUR', amount: '1' }] } })
  const position = await post(book, '2', '2.50')
  await eventually('1 messages', () => told.length >= 1)
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({
    event: 'change',
    position,
    data: { position, balances: [{ account: 'a', commodity: 'EUR', amount: '3.50' }] },
  })
})

test('a watched list tells each item once, in order, also of what was missed', async () => {
  const book = await system.newBook('a', 'b')
  const path = `/v1/ledger/books/${book}/transactions`
  const seen = await post(book, '1')
  const last = await post(book, '2')
  const ack = await subscribe(path, { after: seen, minPosition: last })
  const changes = ack['changes'] as Told[]
  expect(changes.map(({ data }) => (data['items'] as { id: string }[]).map(({ id }) => id))).toEqual([['2']])
  for (const id of ['3', '4', '5']) await post(book, id)
  await eventually('3 messages', () => told.length >= 3)
  expect(told).toHaveLength(3)
  expect(told.map(({ data }) => (data['items'] as { id: string }[])[0]?.id)).toEqual(['3', '4', '5'])
  const positions = told.map(({ position }) => BigInt(position))
  expect(positions.every((each, at) => at === 0 || each > (positions[at - 1] ?? 0n))).toBe(true)
})

test('what one position holds is told in one message, however much it is', async () => {
  const book = await system.newBook('a', 'b')
  const seen = await post(book, '1')
  // As many lines in one statement as are read at once, and more after them.
  const lines = Array.from({ length: 1_000 }, (_, at) => ({
    account: 'a',
    amount: at % 2 ? '-1' : '1',
    commodity: 'EUR',
  }))
  const many = { id: '2', date: '2026-11-23', postings: lines }
  const { status, body } = await system.post(`/v1/ledger/books/${book}/transactions`, many)
  expect(status).toBe(201)
  const last = await post(book, '3')
  const more = { after: seen, minPosition: last }
  const ack = await subscribe(`/v1/ledger/books/${book}/accounts/a/statement`, more)
  const changes = ack['changes'] as Told[]
  expect(changes.map(({ position, data }) => [position, (data['items'] as unknown[]).length])).toEqual([
    [body['position'], 1_000],
    [last, 1],
  ])
})

test('a watched statement carries the running balance', async () => {
  const book = await system.newBook('a', 'b')
  const first = await post(book, '1', '4')
  const ack = await subscribe(`/v1/ledger/books/${book}/accounts/a/statement`, { minPosition: first })
  expect(ack).toMatchObject({ ok: true, data: { items: [{ transaction: '1', balance: '4' }] } })
  await post(book, '2', '0.25')
  await eventually('1 messages', () => told.length >= 1)
  expect(told).toHaveLength(1)
  expect(told[0]?.data).toMatchObject({ items: [{ transaction: '2', amount: '0.25', balance: '4.25' }] })
})

test('a watched collection is computed anew', async () => {
  const book = await system.newBook('a', 'b')
  expect(await subscribe(`/v1/ledger/books/${book}/balances?account=a`)).toMatchObject({ ok: true })
  await post(book, '1', '9')
  await eventually('a message', () => told.length >= 1)
  expect(told.at(-1)?.data).toMatchObject({ balances: [{ account: 'a', amount: '9' }] })
})

test('what was unsubscribed is silent, and others are not', async () => {
  const book = await system.newBook('a', 'b')
  const { subscription } = await subscribe(`/v1/ledger/books/${book}/balances/a`)
  await subscribe(`/v1/ledger/books/${book}/balances/b`)
  expect(await socket.emitWithAck('unsubscribe', { subscription })).toEqual({ ok: true })
  await post(book, '1')
  await eventually('1 messages', () => told.length >= 1)
  expect(told).toHaveLength(1)
  expect(told[0]?.data).toMatchObject({ account: 'b' })
})

test.each([
  ['/v1/nowhere', 'not-found'],
  ['/v1/ledger/books/nowhere', 'not-found'],
  ['no path', 'invalid-parameter'],
])('%s cannot be watched: %s', async (resource, code) => {
  expect(await subscribe(resource)).toMatchObject({ ok: false, problem: { code } })
})

test('a socket without a valid token is not let in, and one for another book sees nothing of this', async () => {
  await expect(system.live('junk')).rejects.toMatchObject({ data: { status: 401, code: 'unauthorized' } })
  const book = await system.newBook('a', 'b')
  const other = await system.live(await system.tokenFor('reader', ['another']))
  const answer: unknown = await other.emitWithAck('subscribe', { resource: `/v1/ledger/books/${book}` })
  other.disconnect()
  expect(answer).toMatchObject({ ok: false, problem: { status: 403, code: 'forbidden' } })
})

test('a report job can be watched until it is done, and its results say their position', async () => {
  const book = await system.newBook('a', 'b')
  const position = await post(book, '1', '12.50')
  const request = await system.post('/v1/reports/trial-balance', { params: { book }, at: position })
  expect(request.status).toBe(202)
  const location = request.headers.get('location') ?? ''
  const ack = await subscribe(location, { minPosition: request.headers.get('headwater-position') })
  expect(ack).toMatchObject({ ok: true })
  const states = (): unknown[] => [(ack['data'] as Told['data'])['state'], ...told.map(({ data }) => data['state'])]
  await eventually('the job is done', () => states().includes('done'))
  const job = await system.send('GET', system.commands + location)
  expect(job.body).toMatchObject({ name: 'trial-balance', state: 'done', progress: 1 })
  const results = job.body['results'] as { format: string; url: string }[]
  expect(results.map(({ format }) => format).sort()).toEqual(['csv', 'json'])
  const json = await system.get(`${location}/result.json`)
  expect(json.body).toMatchObject({
    book,
    lines: [
      { account: 'a', commodity: 'EUR', debit: '12.50', credit: '0' },
      { account: 'b', commodity: 'EUR', debit: '0', credit: '12.50' },
    ],
  })
  expect(BigInt(String(json.body['position']))).toBeGreaterThanOrEqual(BigInt(position))
  const csv = await system.send('GET', `${system.commands}${location}/result.csv`)
  expect(csv.body['text']).toMatch(/^account,commodity,debit,credit,position\r\na,EUR,12.50,0,\d+\r\n/)
})

test('a report may be asked for where it will be read', async () => {
  const book = await system.newBook('a', 'b')
  const asked = { token: await system.tokenFor('reader', [book]), body: { params: { book } } }
  const request = await system.send('POST', `${system.queries}/v1/reports/trial-balance`, asked)
  expect(request.status).toBe(202)
  expect(request.headers.get('location')).toMatch(/^\/v1\/reports\/jobs\/./)
})
