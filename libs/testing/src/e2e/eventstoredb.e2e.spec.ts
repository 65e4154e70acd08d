import { eventually } from '../eventually.js'
import { describeCommands } from './commands.js'
import { type ProductOnEventStoreDb, productOnEventStoreDb } from './on-eventstoredb.js'
import { move, type Status, type System } from './system.js'
import { describeTransfers } from './transfers.js'

let product: ProductOnEventStoreDb
let system: System
beforeAll(async () => {
  product = await productOnEventStoreDb()
  ;({ system } = product)
})
afterAll(async () => {
  expect(await product.stop()).toBe(0)
})

const balanceOf = async (book: string, position: unknown): Promise<unknown> => {
  const headers = { 'headwater-min-position': String(position) }
  const { body } = await system.get(`/v1/ledger/books/${book}/balances/a`, { headers })
  return (body['balances'] as { amount: string }[])[0]?.amount
}

test('everything is ready, no writer of ours runs, and the position is that of the last event', async () => {
  const book = await system.newBook('a', 'b')
  const { body } = await system.post(`/v1/ledger/books/${book}/transactions`, move('t1', '1'))
  const status = await eventually('all is ready', async () => {
    const said = JSON.parse((await system.cli('status', '--json')).stdout) as Status
    return said.ready && said
  })
  expect(status).toMatchObject({ position: body['position'] })
  expect(status.instances.map(({ role }) => role).sort()).toEqual(
    ['command-api', 'controller', 'projector', 'query-api', 'reactor', 'reporter'].sort(),
  )
})

test('the sample was imported in bulk, and importing it again changes nothing', async () => {
  const before = await system.get('/v1/ledger/books/demo')
  const again = await system.cli('import', 'hledger', 'samples/household.json', '--book', 'demo')
  const { imported, replayed, refused, transactions } = JSON.parse(
    again.stdout.trim().split('\n').at(-1) ?? '{}',
  ) as Record<string, number>
  expect({ imported, refused, replayed }).toEqual({ imported: 0, refused: 0, replayed: transactions })
  expect((await system.get('/v1/ledger/books/demo')).body).toEqual(before.body)
})

test('a retry is told the original, a reused key and a used id are refused, and nothing is booked twice', async () => {
  const book = await system.newBook('a', 'b')
  const path = `/v1/ledger/books/${book}/transactions`
  const headers = { 'idempotency-key': 'k1' }
  const first = await system.post(path, move('t1', '2.50'), { headers })
  expect(first.status).toBe(201)
  await Promise.all(Array.from({ length: 20 }, (_, at) => system.post(path, move(`more-${at}`, '1'))))
  const again = await system.post(path, move('t1', '2.50'), { headers })
  expect(again.body).toEqual(first.body)
  expect((await system.post(path, move('t9', '9'), { headers })).status).toBe(422)
  expect((await system.post(path, move('t1', '9'))).status).toBe(409)
  const reversed = await system.post(`${path}/t1/reversal`, { id: 'r1', date: '2026-11-24' })
  expect(reversed.status).toBe(201)
  expect(await balanceOf(book, reversed.body['position'])).toBe('20.00')
})

test('a watched balance is told each new state', async () => {
  const book = await system.newBook('a', 'b')
  const socket = await system.live()
  const told: unknown[] = []
  socket.on('change', (message: { data: { balances: unknown } }) => told.push(message.data.balances))
  const resource = `/v1/ledger/books/${book}/balances/a`
  const path = `/v1/ledger/books/${book}/transactions`
  const { body } = await system.post(path, move('t1', '1'))
  expect(await socket.emitWithAck('subscribe', { resource, minPosition: body['position'] })).toMatchObject({ ok: true })
  await system.post(path, move('t2', '2'))
  await eventually('the change is told', () => told.length > 0)
  expect(told).toEqual([[{ account: 'a', commodity: 'EUR', amount: '3' }]])
  socket.disconnect()
})

test('a report is computed', async () => {
  const book = await system.newBook('a', 'b')
  const { body } = await system.post(`/v1/ledger/books/${book}/transactions`, move('t1', '1'))
  const request = await system.post('/v1/reports/trial-balance', { params: { book }, at: body['position'] })
  expect(request.status).toBe(202)
  const job = request.headers.get('location') ?? ''
  await eventually('it is done', async () => (await system.get(job)).body['state'] === 'done')
})

test('events tail shows the log from any position', async () => {
  const { stdout } = await system.cli('events', 'tail', '--from', '1', '--limit', '5', '--json')
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  expect(events).toHaveLength(5)
  const [, second] = events
  const from = await system.cli('events', 'tail', '--from', second?.['position'] ?? '', '--limit', '1', '--json')
  expect(JSON.parse(from.stdout)).toEqual(second)
})

describe('commands', () => describeCommands(() => system))
describe('transfers', () => describeTransfers(() => system))

test('a projection is rebuilt beside the live one and takes its place: the same is answered, and what comes then is folded', async () => {
  const book = await system.newBook('a', 'b')
  const path = `/v1/ledger/books/${book}/transactions`
  for (const id of ['t1', 't2']) await system.post(path, move(id, '1'))
  const statement = async (): Promise<unknown> =>
    (await system.get(`/v1/ledger/books/${book}/accounts/a/statement`)).body['items']
  const builds = async (): Promise<readonly { slot: string; build: number }[]> =>
    (await system.cli('projections', 'list', '--json')).stdout
      .split('\n')
      .filter((line) => line.includes('"statement"'))
      .map((line) => JSON.parse(line) as { slot: string; build: number })
  const liveBuild = async (): Promise<number | undefined> => (await builds()).find(({ slot }) => slot === 'live')?.build
  const [before, build] = [await statement(), await liveBuild()]
  expect(before).toMatchObject([{ transaction: 't2' }, { transaction: 't1' }])
  expect(await system.cli('projections', 'rebuild', 'statement')).toMatchObject({ code: 0 })
  await eventually('the new build is live', async () => (await liveBuild()) !== build)
  expect(await statement()).toEqual(before)
  await system.post(path, move('t3', '1'))
  expect(await statement()).toMatchObject([{ transaction: 't3' }, { transaction: 't2' }, { transaction: 't1' }])
})

test('a leader that is killed under commands, twice: those that were acknowledged are there, each of them once', async () => {
  const { cluster } = product
  const book = await system.newBook('a', 'b')
  const path = `/v1/ledger/books/${book}/transactions`
  const acknowledged: string[] = []
  const refused: unknown[] = []
  const positions: bigint[] = []
  let isOver = false
  /** One command after the other, each sent again with its key while nobody knows what became of it. */
  const client = async (name: string): Promise<void> => {
    for (let at = 0; !isOver; at += 1) {
      const id = `${name}${at}`
      let answer = await system.post(path, move(id, '1'), { headers: { 'idempotency-key': id } })
      while (answer.status === 503)
        answer = await system.post(path, move(id, '1'), { headers: { 'idempotency-key': id } })
      if (answer.status !== 201) refused.push([id, answer.status, answer.body])
      else {
        acknowledged.push(id)
        positions.push(BigInt(String(answer.body['position'])))
      }
    }
  }
  const flows = async (): Promise<void> => {
    const before = acknowledged.length
    await eventually('commands flow', () => acknowledged.length > before + 20)
  }
  const clients = ['w', 'x', 'y', 'z'].map(client)
  for (let kills = 0; kills < 2; kills += 1) {
    await flows()
    const { leader, nodes } = cluster
    await leader?.kill()
    nodes.find((each) => each !== leader)?.lead()
    await flows()
    await leader?.start()
  }
  isOver = true
  await Promise.all(clients)
  expect(refused).toEqual([])
  // What the controller tells is some moments old.
  const last = String(positions.reduce((most, each) => (each > most ? each : most)))
  const { body } = await system.get(`${path}?limit=1000`, { headers: { 'headwater-min-position': last } })
  expect((body['items'] as { id: string }[]).map(({ id }) => id).sort()).toEqual(acknowledged.toSorted())
  expect(cluster.events.filter(({ stream }) => stream === `book-${book}`)).toHaveLength(3 + acknowledged.length)
  expect(await balanceOf(book, last)).toBe(String(acknowledged.length))
})
