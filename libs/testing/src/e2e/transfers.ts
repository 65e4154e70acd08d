import { eventually } from '../eventually.js'
import { type Answer, type System } from './system.js'

/** Two books between which money goes, by process managers: `west` has `cash`, `east` has `till` and `closed`, which is. */
export class TwoBooks {
  private constructor(
    private readonly system: System,
    readonly west: string,
    readonly east: string,
  ) {}

  static async open(system: System): Promise<TwoBooks> {
    const west = await system.newBook('cash')
    const east = await system.newBook('till', 'closed', `transfers:${west}`)
    await system.post(`/v1/ledger/books/${west}/accounts`, { account: `transfers:${east}` })
    await system.send('DELETE', `${system.commands}/v1/ledger/books/${east}/accounts/closed`)
    return new TwoBooks(system, west, east)
  }

  /** Of a transfer, or of all that were requested in `west`. */
  path(id = ''): string {
    return `/v1/ledger/books/${this.west}/transfers${id === '' ? '' : `/${id}`}`
  }

  async request(id: string, more: object = {}): Promise<Answer> {
    return this.system.post(this.path(), {
      ...{ id, date: '2026-11-23', description: 'Rent', account: 'cash', to: this.east, toAccount: 'till' },
      ...{ amount: '12.50', commodity: 'EUR', ...more },
    })
  }

  async settled(id: string): Promise<Record<string, unknown>> {
    return eventually(`transfer ${id} is settled`, async () => {
      const answer = await this.system.get(this.path(id))
      return answer.status === 200 && answer.body['state'] !== 'requested' ? answer.body : undefined
    })
  }

  /** By account, at the end of the log, so that both books are told of the same moment. */
  async balances(book: string): Promise<Record<string, string>> {
    const { position } = await this.system.status()
    const answer = await this.system.get(`/v1/ledger/books/${book}/balances`, {
      headers: { 'headwater-min-position': position },
    })
    const lines = answer.body['balances'] as { account: string; amount: string }[]
    return Object.fromEntries(lines.map(({ account, amount }) => [account, amount]))
  }
}

/** What a user may rely on of transfers, whichever log is below: tests for any system. */
export function describeTransfers(system: () => System): void {
  let books: TwoBooks
  beforeEach(async () => {
    books = await TwoBooks.open(system())
  })

  test('money goes from book to book, and each book balances by itself', async () => {
    const { west, east } = books
    const asked = await books.request('t1')
    expect([asked.status, asked.body['stream']]).toEqual([201, `book-${west}`])
    expect(await books.settled('t1')).toMatchObject({
      id: 't1',
      state: 'completed',
      to: east,
      amount: '12.50',
      reason: null,
    })
    expect(await books.balances(west)).toEqual({
      cash: '-12.50',
      [`transfers:${east}`]: '12.50',
    })
    expect(await books.balances(east)).toEqual({
      till: '12.50',
      [`transfers:${west}`]: '-12.50',
    })
    const there = await system().get(`/v1/ledger/books/${east}/transactions/${encodeURIComponent(`${west}/t1`)}`)
    expect(there.body).toMatchObject({ id: `${west}/t1`, description: 'Rent' })
  })

  test('a transfer that the other book refuses comes back, with the reason', async () => {
    const { west, east } = books
    await books.request('t1', { toAccount: 'closed' })
    expect(await books.settled('t1')).toMatchObject({
      ...{ state: 'refused', code: 'account-closed', reason: 'account "closed" is closed' },
    })
    await system().post(`/v1/ledger/books/${west}/accounts`, { account: 'transfers:nowhere' })
    await books.request('t2', { to: 'nowhere' })
    expect(await books.settled('t2')).toMatchObject({ state: 'refused', code: 'transfer-not-accepted' })
    expect((await system().get('/v1/ledger/books/nowhere')).status).toBe(404)
    expect(await books.balances(west)).toEqual({
      cash: '0.00',
      [`transfers:${east}`]: '0.00',
      'transfers:nowhere': '0.00',
    })
    expect(await books.balances(east)).toEqual({})
    const { body: list } = await system().get(books.path())
    expect((list['items'] as { id: string; state: string }[]).map(({ id, state }) => [id, state])).toEqual([
      ['t2', 'refused'],
      ['t1', 'refused'],
    ])
  })
}
