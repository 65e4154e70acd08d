import { connectLive, type Live, LiveError, type LiveOptions, type LiveState, type LiveUpdate } from '#live-client'
import { eventually } from '../eventually.js'
import { AnotherQueryApi } from './another-query-api.js'
import { Posting } from './posting.js'
import { move, System } from './system.js'

interface Items {
  readonly items: readonly { readonly id: string }[]
}
interface Balance {
  readonly balances: readonly { readonly amount: string }[]
}

const PATIENCE = { timeout_ms: 120_000 }

let system: System
const open: Live[] = []
beforeAll(async () => {
  system = await System.open()
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

function connect(options: Partial<LiveOptions> = {}): Live {
  const live = connectLive({ url: system.queries, token: system.token, ...options })
  open.push(live)
  return live
}

const post = async (book: string, id: string): Promise<string> => {
  const { status, body } = await system.post(`/v1/ledger/books/${book}/transactions`, move(id, '1'))
  expect(status).toBe(201)
  return String(body['position'])
}

const grows = (updates: readonly LiveUpdate[]): boolean =>
  updates.every(({ position }, at) => at === 0 || BigInt(position) > BigInt(updates[at - 1]?.position ?? '0'))

test('the state comes first, as new as asked for, then each change; after stop() nothing', async () => {
  const book = await system.newBook('a', 'b')
  const position = await post(book, '1')
  const path = `/v1/ledger/books/${book}/balances/a`
  const live = connect()
  const [stopped, told] = [[] as LiveUpdate<Balance>[], [] as LiveUpdate<Balance>[]]
  const stop = live.watch<Balance>(path, (update) => stopped.push(update), { minPosition: position })
  live.watch<Balance>(path, (update) => told.push(update), { minPosition: position })
  await eventually('both have the state', () => stopped.length === 1 && told.length === 1)
  await post(book, '2')
  await eventually('both have the change', () => stopped.length === 2 && told.length === 2)
  stop()
  await post(book, '3')
  await eventually('the other has the next', () => told.length === 3)
  expect(told.map(({ kind }) => kind)).toEqual(['snapshot', 'change', 'change'])
  expect(told.map(({ data }) => data.balances[0]?.amount)).toEqual(['1', '2', '3'])
  expect(stopped).toHaveLength(2)
})

test('kill -9 of the query-api under commands: each item once and in order, and the newest state', async () => {
  const book = await system.newBook('a', 'b')
  const api = await AnotherQueryApi.start(system)
  let posting: Posting | undefined
  try {
    const states: LiveState[] = []
    const live = connect({ url: api.url, onState: (state) => states.push(state) })
    const [list, balance] = [[] as LiveUpdate<Items>[], [] as LiveUpdate<Balance>[]]
    live.watch<Items>(`/v1/ledger/books/${book}/transactions`, (update) => list.push(update))
    live.watch<Balance>(`/v1/ledger/books/${book}/balances/a`, (update) => balance.push(update))
    await eventually('both are watched', () => list.length === 1 && balance.length === 1, PATIENCE)
    posting = new Posting(system, book)
    const { posted } = posting
    for (let kills = 0; kills < 2; kills += 1) {
      const before = list.length
      await eventually('changes flow', () => list.length > before + 10, PATIENCE)
      await api.kill()
      const killedAt = posted.length
      await eventually('commands go on without it', () => posted.length > killedAt + 10, PATIENCE)
      await api.start()
    }
    const resumed = list.length
    await eventually('changes flow again', () => list.length > resumed + 10, PATIENCE)
    await posting.end()
    const amount = String(posted.length)
    await eventually('all is told', () => list.flatMap(({ data }) => data.items).length >= posted.length, PATIENCE)
    await eventually('the last balance is told', () => balance.at(-1)?.data.balances[0]?.amount === amount, PATIENCE)
    expect(list.map(({ kind }) => kind)).toEqual(['snapshot', ...list.slice(1).map(() => 'change')])
    expect(list.flatMap(({ data }) => data.items.map(({ id }) => id))).toEqual(posted)
    expect(grows(list)).toBe(true)
    expect(grows(balance)).toBe(true)
    expect(states).toEqual(['live', 'reconnecting', 'live', 'reconnecting', 'live'])
  } finally {
    await Promise.all([posting?.end(), api.kill()])
  }
})

test('a token that expires is replaced before it does, and nothing is missed', async () => {
  const book = await system.newBook('a', 'b')
  let asked = 0
  const live = connect({
    token: async () => {
      asked += 1
      return system.tokenFor('reader', [book], 4)
    },
  })
  const list: LiveUpdate<Items>[] = []
  live.watch<Items>(`/v1/ledger/books/${book}/transactions`, (update) => list.push(update))
  await eventually('it is watched', () => list.length === 1)
  const posted: string[] = []
  while (asked < 4) {
    const id = String(posted.length)
    await post(book, id)
    posted.push(id)
  }
  await eventually('all is told', () => list.flatMap(({ data }) => data.items).length >= posted.length)
  expect(list.flatMap(({ data }) => data.items.map(({ id }) => id))).toEqual(posted)
  expect(live.state).not.toBe('closed')
})

test('what cannot be watched is told once, and the rest goes on', async () => {
  const book = await system.newBook('a', 'b')
  const errors: Error[] = []
  const own: Error[] = []
  const told: LiveUpdate[] = []
  const live = connect({ onError: (error) => errors.push(error) })
  live.watch('/v1/nowhere', (update) => told.push(update))
  live.watch('/v1/ledger/books/nowhere', (update) => told.push(update), { onError: (error) => own.push(error) })
  live.watch(`/v1/ledger/books/${book}/balances/a`, (update) => told.push(update))
  await eventually('the one that can be is', () => told.length === 1)
  await post(book, '1')
  await eventually('it goes on', () => told.length === 2)
  expect(
    [...errors, ...own].map((error) => error instanceof LiveError && [error.resource, error.problem.code]),
  ).toEqual([
    ['/v1/nowhere', 'not-found'],
    ['/v1/ledger/books/nowhere', 'not-found'],
  ])
})

test('a token that is not accepted ends it, and says why', async () => {
  const errors: Error[] = []
  const live = connect({ token: 'junk', onError: (error) => errors.push(error) })
  await eventually('it is closed', () => live.state === 'closed')
  expect(errors).toEqual([expect.objectContaining({ problem: expect.objectContaining({ status: 401 }) as object })])
  expect(() => live.watch('/v1/ledger/books', () => undefined)).toThrow('connect again')
})
