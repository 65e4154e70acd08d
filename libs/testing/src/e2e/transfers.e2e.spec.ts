import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../eventually.js'
import { System } from './system.js'

const PATIENCE = { timeout_ms: 60_000 }

let system: System
let west: string
let east: string
beforeAll(async () => {
  system = await System.open()
})
beforeEach(async () => {
  west = await system.newBook('cash')
  east = await system.newBook('till', 'closed', `transfers:${west}`)
  await system.post(`/v1/ledger/books/${west}/accounts`, { account: `transfers:${east}` })
  await system.send('DELETE', `${system.commands}/v1/ledger/books/${east}/accounts/closed`)
})

const path = (book: string, id = ''): string => `/v1/ledger/books/${book}/transfers${id === '' ? '' : `/${id}`}`
const body = (id: string, more: object = {}): object => ({
  ...{ id, date: '2026-11-23', description: 'Rent', account: 'cash', to: east, toAccount: 'till' },
  ...{ amount: '12.50', commodity: 'EUR', ...more },
})

/** Requests a transfer until that is acknowledged: its id makes sure that it is one. */
async function insist(transfer: object): Promise<void> {
  await eventually(
    'the transfer is taken',
    async () => {
      const { status: answered, body: told } = await system.post(path(west), transfer)
      if (answered !== 503) expect([answered, told['code']]).toEqual([201, undefined])
      return answered === 201
    },
    PATIENCE,
  )
}

async function settled(id: string): Promise<Record<string, unknown>> {
  return eventually(`transfer ${id} is settled`, async () => {
    const answer = await system.get(path(west, id))
    return answer.status === 200 && answer.body['state'] !== 'requested' ? answer.body : undefined
  })
}

/** By account, at the end of the log, so that both books are told of the same moment. */
async function balances(book: string): Promise<Record<string, string>> {
  const { position } = await system.status()
  const answer = await system.get(`/v1/ledger/books/${book}/balances`, {
    headers: { 'headwater-min-position': position },
  })
  const lines = answer.body['balances'] as { account: string; amount: string }[]
  return Object.fromEntries(lines.map(({ account, amount }) => [account, amount]))
}

test('money goes from book to book, and each book balances by itself', async () => {
  const asked = await system.post(path(west), body('t1'))
  expect([asked.status, asked.body['stream']]).toEqual([201, `book-${west}`])
  expect(await settled('t1')).toMatchObject({ id: 't1', state: 'completed', to: east, amount: '12.50', reason: null })
  expect(await balances(west)).toEqual({
    cash: '-12.50',
    [`transfers:${east}`]: '12.50',
  })
  expect(await balances(east)).toEqual({
    till: '12.50',
    [`transfers:${west}`]: '-12.50',
  })
  const there = await system.get(`/v1/ledger/books/${east}/transactions/${encodeURIComponent(`${west}/t1`)}`)
  expect(there.body).toMatchObject({ id: `${west}/t1`, description: 'Rent' })
})

test('a transfer that the other book refuses comes back, with the reason', async () => {
  await system.post(path(west), body('t1', { toAccount: 'closed' }))
  expect(await settled('t1')).toMatchObject({
    ...{ state: 'refused', code: 'account-closed', reason: 'account "closed" is closed' },
  })
  await system.post(`/v1/ledger/books/${west}/accounts`, { account: 'transfers:nowhere' })
  await system.post(path(west), body('t2', { to: 'nowhere' }))
  expect(await settled('t2')).toMatchObject({ state: 'refused', code: 'book-not-found' })
  expect((await system.get('/v1/ledger/books/nowhere')).status).toBe(404)
  expect(await balances(west)).toEqual({
    cash: '0.00',
    [`transfers:${east}`]: '0.00',
    'transfers:nowhere': '0.00',
  })
  expect(await balances(east)).toEqual({})
  const { body: list } = await system.get(path(west))
  expect((list['items'] as { id: string; state: string }[]).map(({ id, state }) => [id, state])).toEqual([
    ['t2', 'refused'],
    ['t1', 'refused'],
  ])
})

test('a transfer can be watched from the request to its end', async () => {
  const socket = await system.live()
  try {
    const states: unknown[] = []
    socket.on('change', ({ data }: { data: Record<string, unknown> }) => void states.push(data['state']))
    const asked = await system.post(path(west), body('t1'))
    const ack = (await socket.emitWithAck('subscribe', {
      resource: path(west, 't1'),
      minPosition: asked.body['position'],
    })) as { ok: boolean; data: Record<string, unknown> }
    expect(ack.ok).toBe(true)
    await eventually('it is completed', () => [ack.data['state'], ...states].at(-1) === 'completed')
  } finally {
    socket.disconnect()
  }
})

test('what cannot be sent is refused at once, in terms of the body', async () => {
  const unknown = await system.post(path(west), body('t1', { account: 'nowhere' }))
  expect([unknown.status, unknown.body['code']]).toEqual([422, 'account-not-open'])
  expect(unknown.body['errors']).toMatchObject([{ field: 'account' }])
  const itself = await system.post(path(west), body('t1', { to: west }))
  expect([itself.status, itself.body['code']]).toEqual([422, 'transfer-to-itself'])
  const nothing = await system.post(path(west), body('t1', { amount: '0' }))
  expect([nothing.status, nothing.body['code']]).toEqual([400, 'invalid-body'])
  const forged = await system.post(`/v1/ledger/books/${east}/receive-transfer`, {})
  expect(forged.status).toBe(404)
  expect((await system.post(path(west), body('t1'))).status).toBe(201)
  const again = await system.post(path(west), body('t1'))
  expect([again.status, again.headers.get('headwater-replayed')]).toEqual([201, 'true'])
  const other = await system.post(path(west), body('t1', { amount: '1' }))
  expect([other.status, other.body['code']]).toEqual([409, 'transaction-exists'])
})

test('kill -9 of the reactor, again and again while transfers flow: each one is settled, once', async () => {
  let sent = 0
  let isOver = false
  const client = async (name: string): Promise<void> => {
    for (let at = 0; !isOver; at += 1) {
      await insist(body(`${name}${at}`, at % 3 === 2 ? { toAccount: 'closed', amount: '1' } : { amount: '1' }))
      sent += 1
      // All go out of one book, one after the other: more than it can settle would only make the end of this test late.
      await sleep(50)
    }
  }
  const clients = ['x', 'y'].map(client)
  for (let round = 0; round < 3; round += 1) {
    const before = sent
    await eventually('transfers flow', () => sent > before + 30, PATIENCE)
    const pid = await eventually(
      'the reactor runs',
      async () => (await system.status()).instances.find(({ id, leader }) => id === 'reactor-1' && leader)?.pid,
      PATIENCE,
    )
    process.kill(pid, 'SIGKILL')
    await eventually(
      'another process runs in its place',
      async () =>
        (await system.status()).instances.some((each) => each.id === 'reactor-1' && each.leader && each.pid !== pid),
      PATIENCE,
    )
  }
  isOver = true
  await Promise.all(clients)
  const items = await eventually(
    'all transfers are settled',
    async () => {
      const { position } = await system.status()
      const headers = { 'headwater-min-position': position }
      const all: { id: string; state: string; toAccount: string }[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const query: string = cursor === '' ? '' : `&cursor=${cursor}`
        const { body: page } = await system.get(`${path(west)}?limit=1000${query}`, { headers })
        all.push(...(page['items'] as typeof all))
        cursor = page['next'] as string | null
      }
      return all.length === sent && all.every(({ state }) => state !== 'requested') ? all : undefined
    },
    PATIENCE,
  )
  const completed = items.filter(({ state }) => state === 'completed')
  expect(items.every(({ state, toAccount }) => (state === 'refused') === (toAccount === 'closed'))).toBe(true)
  expect(await balances(west)).toEqual({
    cash: String(-completed.length),
    [`transfers:${east}`]: String(completed.length),
  })
  expect(await balances(east)).toEqual({
    till: String(completed.length),
    [`transfers:${west}`]: String(-completed.length),
  })
  const { position } = await system.status()
  const book = await system.get(`/v1/ledger/books/${east}`, { headers: { 'headwater-min-position': position } })
  expect(book.body['transactions']).toBe(completed.length)
}, 240_000)
