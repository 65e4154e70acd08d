import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../eventually.js'
import { System } from './system.js'
import { describeTransfers, TwoBooks } from './transfers.js'

let system: System
let books: TwoBooks
beforeAll(async () => {
  system = await System.open()
})
beforeEach(async () => {
  books = await TwoBooks.open(system)
})

/** Requests a transfer until that is acknowledged: its id makes sure that it is one. */
async function insist(id: string, more: object): Promise<void> {
  const { status: answered, body: told } = await eventually('the transfer is taken or refused', async () => {
    const answer = await books.request(id, more)
    return answer.status !== 503 && answer
  })
  expect([answered, told['code']]).toEqual([201, undefined])
}

describe('between two books', () => describeTransfers(() => system))

test('a transfer can be watched from the request to its end', async () => {
  const socket = await system.live()
  try {
    const states: unknown[] = []
    socket.on('change', ({ data }: { data: Record<string, unknown> }) => void states.push(data['state']))
    const asked = await books.request('t1')
    const ack = (await socket.emitWithAck('subscribe', {
      resource: books.path('t1'),
      minPosition: asked.body['position'],
    })) as { ok: boolean; data: Record<string, unknown> }
    expect(ack.ok).toBe(true)
    await eventually('it is completed', () => [ack.data['state'], ...states].at(-1) === 'completed')
  } finally {
    socket.disconnect()
  }
})

test('what cannot be sent is refused at once, in terms of the body', async () => {
  const { west, east } = books
  const unknown = await books.request('t1', { account: 'nowhere' })
  expect([unknown.status, unknown.body['code']]).toEqual([422, 'account-not-open'])
  expect(unknown.body['errors']).toMatchObject([{ field: 'account' }])
  const itself = await books.request('t1', { to: west })
  expect([itself.status, itself.body['code']]).toEqual([422, 'transfer-to-itself'])
  const nothing = await books.request('t1', { amount: '0' })
  expect([nothing.status, nothing.body['code']]).toEqual([400, 'invalid-body'])
  const forged = await system.post(`/v1/ledger/books/${east}/receive-transfer`, {})
  expect(forged.status).toBe(404)
  expect((await books.request('t1')).status).toBe(201)
  const again = await books.request('t1')
  expect([again.status, again.headers.get('headwater-replayed')]).toEqual([201, 'true'])
  const other = await books.request('t1', { amount: '1' })
  expect([other.status, other.body['code']]).toEqual([409, 'transaction-exists'])
})

test('kill -9 of the reactor, again and again while transfers flow: each one is settled, once', async () => {
  const { west, east } = books
  let sent = 0
  let isOver = false
  const client = async (name: string): Promise<void> => {
    for (let at = 0; !isOver; at += 1) {
      await insist(`${name}${at}`, at % 3 === 2 ? { toAccount: 'closed', amount: '1' } : { amount: '1' })
      sent += 1
      // All go out of one book, one after the other: more than it can settle would only make the end of this test late.
      await sleep(50)
    }
  }
  const clients = ['x', 'y'].map(client)
  for (let round = 0; round < 3; round += 1) {
    const before = sent
    await eventually('transfers flow', () => sent > before + 30)
    const pid = await eventually(
      'the reactor runs',
      async () => (await system.status()).instances.find(({ id, leader }) => id === 'reactor-1' && leader)?.pid,
    )
    process.kill(pid, 'SIGKILL')
    await eventually('another process runs in its place', async () =>
      (await system.status()).instances.some((each) => each.id === 'reactor-1' && each.leader && each.pid !== pid),
    )
  }
  isOver = true
  await Promise.all(clients)
  const items = await eventually('all transfers are settled', async () => {
    const { position } = await system.status()
    const headers = { 'headwater-min-position': position }
    const all: { id: string; state: string; toAccount: string }[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body: page } = await system.get(`${books.path()}?limit=1000${query}`, { headers })
      all.push(...(page['items'] as typeof all))
      cursor = page['next'] as string | null
    }
    return all.length === sent && all.every(({ state }) => state !== 'requested') ? all : undefined
  })
  const completed = items.filter(({ state }) => state === 'completed')
  expect(items.every(({ state, toAccount }) => (state === 'refused') === (toAccount === 'closed'))).toBe(true)
  expect(await books.balances(west)).toEqual({
    cash: String(-completed.length),
    [`transfers:${east}`]: String(completed.length),
  })
  expect(await books.balances(east)).toEqual({
    till: String(completed.length),
    [`transfers:${west}`]: String(-completed.length),
  })
  const { position } = await system.status()
  const book = await system.get(`/v1/ledger/books/${east}`, { headers: { 'headwater-min-position': position } })
  expect(book.body['transactions']).toBe(completed.length)
})
