import { type Answer, move, type System } from './system.js'

/*
 * What a user may rely on of commands, whichever log is below: tests for any system.
 */

const path = (book: string): string => `/v1/ledger/books/${book}/transactions`

const told = async (asked: Promise<Answer>): Promise<unknown> => {
  const { status, body } = await asked
  return [status, body['code']]
}

export function describeCommands(system: () => System): void {
  describe('keys and ids', () => describeKeys(system))
  describe('the rules of a book', () => describeRules(system))
  describe('commands in bulk', () => describeBulk(system))
}

function describeKeys(system: () => System): void {
  test('an idempotency key answers the same bytes again, and refuses another body', async () => {
    const book = await system().newBook('a', 'b')
    const headers = { 'idempotency-key': 'k1' }
    const first = await system().post(path(book), move('1', '2.50'), { headers })
    const again = await system().post(path(book), move('1', '2.50'), { headers })
    expect(first.status).toBe(201)
    expect(again.body).toEqual(first.body)
    expect([first.headers.get('headwater-replayed'), again.headers.get('headwater-replayed')]).toEqual([null, 'true'])
    const other = await system().post(path(book), move('2', '2.50'), { headers })
    expect([other.status, other.body['code']]).toEqual([422, 'key-reused'])
  })

  test('a transaction id is used once: the same content replays, another is 409', async () => {
    const book = await system().newBook('a', 'b')
    const first = await system().post(path(book), move('1', '2.50'))
    const same = await system().post(path(book), move('1', '2.50'))
    expect([same.status, same.body, same.headers.get('headwater-replayed')]).toEqual([201, first.body, 'true'])
    const other = await system().post(path(book), move('1', '3'))
    expect([other.status, other.body['code']]).toEqual([409, 'transaction-exists'])
  })
}

function describeRules(system: () => System): void {
  test('If-Match takes the revision that the book shows', async () => {
    const book = await system().newBook('a', 'b')
    const shown = await system().get(`/v1/ledger/books/${book}`)
    expect(shown.body['revision']).toBe('2')
    const stale = await system().post(path(book), move('1', '1'), { headers: { 'if-match': '"1"' } })
    expect([stale.status, stale.body['code']]).toEqual([412, 'revision-mismatch'])
    const fresh = await system().post(path(book), move('1', '1'), { headers: { 'if-match': '"2"' } })
    expect(fresh.status).toBe(201)
  })

  test('a transaction is reversed once, and its balance is gone', async () => {
    const book = await system().newBook('a', 'b')
    await system().post(path(book), move('1', '7'))
    const reversal = await system().post(`${path(book)}/1/reversal`, { id: 'r', date: '2026-11-24' })
    expect(reversal.status).toBe(201)
    const twice = await system().post(`${path(book)}/1/reversal`, { id: 'r2', date: '2026-11-24' })
    expect([twice.status, twice.body['code']]).toEqual([409, 'already-reversed'])
    const headers = { 'headwater-min-position': String(reversal.body['position']) }
    const { body } = await system().get(`/v1/ledger/books/${book}/balances/a`, { headers })
    expect(body['balances']).toEqual([{ account: 'a', commodity: 'EUR', amount: '0' }])
    const original = await system().get(`${path(book)}/1`, { headers })
    expect(original.body).toMatchObject({ id: '1', reversedBy: 'r' })
  })

  test('a hold reserves, and is captured or released once', async () => {
    const book = await system().newBook('a', 'b')
    const holds = `/v1/ledger/books/${book}/holds`
    expect((await system().post(holds, move('h1', '1'))).status).toBe(201)
    expect((await system().post(holds, move('h2', '1'))).status).toBe(201)
    expect((await system().post(`${holds}/h1/capture`, {})).status).toBe(201)
    const released = await system().post(`${holds}/h2/release`, {})
    expect(released.status).toBe(201)
    expect((await system().post(`${holds}/h1/release`, {})).body['code']).toBe('hold-settled')
    const headers = { 'headwater-min-position': String(released.body['position']) }
    const { body } = await system().get(`/v1/ledger/books/${book}/balances`, { headers })
    expect(body['balances']).toEqual([
      { account: 'a', commodity: 'EUR', amount: '1' },
      { account: 'b', commodity: 'EUR', amount: '-1' },
    ])
  })

  test('a closed account takes no posting, and is opened again', async () => {
    const book = await system().newBook('a', 'b')
    const account = `/v1/ledger/books/${book}/accounts/b`
    const close = async (): Promise<Answer> => system().send('DELETE', system().commands + account)
    expect((await close()).status).toBe(200)
    expect(await told(close())).toEqual([422, 'account-closed'])
    expect(await told(system().post(path(book), move('1', '1')))).toEqual([422, 'account-closed'])
    expect((await system().post(`/v1/ledger/books/${book}/accounts`, { account: 'b' })).status).toBe(201)
    expect((await system().post(path(book), move('1', '1'))).status).toBe(201)
  })
}

function describeBulk(system: () => System): void {
  test('are answered in order, bad lines and refusals among them', async () => {
    const book = await system().newBook('a', 'b')
    const line = (key: string, body: unknown, target = book): string =>
      JSON.stringify({ key, command: 'ledger.post-transaction', target, body })
    const lines = [
      line('1', move('1', '1')),
      'junk',
      line('2', move('2', 'x')),
      line('3', move('3', '1')),
      line('1', move('1', '1')),
      line('1', move('4', '1')),
      line('5', move('3', '5')),
      line('6', move('6', '1'), `${book}-none`),
      line('7', move('7', '1')),
    ]
    const response = await fetch(`${system().commands}/v1/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system().token}`, 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    })
    const results = (await response.text())
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each) as Record<string, unknown> & { problem?: { code: string } })
    expect(results.map(({ key, status, replayed, problem }) => [key, status, replayed ?? problem?.code])).toEqual([
      ['1', 201, undefined],
      [null, 400, 'malformed-json'],
      ['2', 400, 'invalid-body'],
      ['3', 201, undefined],
      ['1', 201, true],
      ['1', 422, 'key-reused'],
      ['5', 409, 'transaction-exists'],
      ['6', 404, 'book-not-found'],
      ['7', 201, undefined],
    ])
    const headers = { 'headwater-min-position': String(results.at(-1)?.['position']) }
    expect((await system().get(`/v1/ledger/books/${book}`, { headers })).body['transactions']).toBe(3)
  })
}
