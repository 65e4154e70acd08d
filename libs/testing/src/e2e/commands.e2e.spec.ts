import { move, System } from './system.js'

let system: System
beforeAll(async () => {
  system = await System.open()
})

const path = (book: string): string => `/v1/ledger/books/${book}/transactions`

test('an idempotency key answers the same bytes again, and refuses another body', async () => {
  const book = await system.newBook('a', 'b')
  const headers = { 'idempotency-key': 'k1' }
  const first = await system.post(path(book), move('1', '2.50'), { headers })
  const again = await system.post(path(book), move('1', '2.50'), { headers })
  expect(first.status).toBe(201)
  expect(again.body).toEqual(first.body)
  expect([first.headers.get('headwater-replayed'), again.headers.get('headwater-replayed')]).toEqual([null, 'true'])
  const other = await system.post(path(book), move('2', '2.50'), { headers })
  expect([other.status, other.body['code']]).toEqual([422, 'key-reused'])
})

test('a transaction id is used once: the same content replays, another is 409', async () => {
  const book = await system.newBook('a', 'b')
  const first = await system.post(path(book), move('1', '2.50'))
  const same = await system.post(path(book), move('1', '2.50'))
  expect([same.status, same.body, same.headers.get('headwater-replayed')]).toEqual([201, first.body, 'true'])
  const other = await system.post(path(book), move('1', '3'))
  expect([other.status, other.body['code']]).toEqual([409, 'transaction-exists'])
})

test('If-Match takes the revision that the book shows', async () => {
  const book = await system.newBook('a', 'b')
  const shown = await system.get(`/v1/ledger/books/${book}`, { headers: { 'headwater-min-position': '1' } })
  expect(shown.body['revision']).toBe('2')
  const stale = await system.post(path(book), move('1', '1'), { headers: { 'if-match': '"1"' } })
  expect([stale.status, stale.body['code']]).toEqual([412, 'revision-mismatch'])
  const fresh = await system.post(path(book), move('1', '1'), { headers: { 'if-match': '"2"' } })
  expect(fresh.status).toBe(201)
})

test('a transaction is reversed once, and its balance is gone', async () => {
  const book = await system.newBook('a', 'b')
  await system.post(path(book), move('1', '7'))
  const reversal = await system.post(`${path(book)}/1/reversal`, { id: 'r', date: '2026-11-24' })
  expect(reversal.status).toBe(201)
  const twice = await system.post(`${path(book)}/1/reversal`, { id: 'r2', date: '2026-11-24' })
  expect([twice.status, twice.body['code']]).toEqual([409, 'already-reversed'])
  const headers = { 'headwater-min-position': String(reversal.body['position']) }
  const { body } = await system.get(`/v1/ledger/books/${book}/balances/a`, { headers })
  expect(body['balances']).toEqual([{ account: 'a', commodity: 'EUR', amount: '0' }])
  const original = await system.get(`${path(book)}/1`, { headers })
  expect(original.body).toMatchObject({ id: '1', reversedBy: 'r' })
})

test('a hold reserves, and is captured or released once', async () => {
  const book = await system.newBook('a', 'b')
  const holds = `/v1/ledger/books/${book}/holds`
  expect((await system.post(holds, move('h1', '1'))).status).toBe(201)
  expect((await system.post(holds, move('h2', '1'))).status).toBe(201)
  expect((await system.post(`${holds}/h1/capture`, {})).status).toBe(201)
  const released = await system.post(`${holds}/h2/release`, {})
  expect(released.status).toBe(201)
  expect((await system.post(`${holds}/h1/release`, {})).body['code']).toBe('hold-settled')
  const headers = { 'headwater-min-position': String(released.body['position']) }
  const { body } = await system.get(`/v1/ledger/books/${book}/balances`, { headers })
  expect(body['balances']).toEqual([
    { account: 'a', commodity: 'EUR', amount: '1' },
    { account: 'b', commodity: 'EUR', amount: '-1' },
  ])
})

test('bulk commands are answered in order, bad lines among them', async () => {
  const book = await system.newBook('a', 'b')
  const line = (key: string, body: unknown): string =>
    JSON.stringify({ key, command: 'ledger.post-transaction', target: book, body })
  const lines = [
    line('1', move('1', '1')),
    'junk',
    line('2', move('2', 'x')),
    line('3', move('3', '1')),
    line('1', move('1', '1')),
  ]
  const response = await fetch(`${system.commands}/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${system.token}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  const results = (await response.text())
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as Record<string, unknown>)
  expect(results.map(({ key, status, replayed }) => [key, status, replayed])).toEqual([
    ['1', 201, undefined],
    [null, 400, undefined],
    ['2', 400, undefined],
    ['3', 201, undefined],
    ['1', 201, true],
  ])
})

test('a token opens what it says: role, book, time, signature', async () => {
  const book = await system.newBook('a', 'b')
  const asked = async (token: string): Promise<number> =>
    (await system.post(path(book), move('1', '1'), { token })).status
  expect(await asked('')).toBe(401)
  expect(await asked('junk')).toBe(401)
  expect(await asked(await system.tokenFor('operator', undefined, -10))).toBe(401)
  expect(await asked(await system.tokenFor('reader'))).toBe(403)
  expect(await asked(await system.tokenFor('writer', ['another']))).toBe(403)
  expect(await asked(await system.tokenFor('writer', [book]))).toBe(201)
  const other = await system.tokenFor('reader', ['another'])
  expect((await system.get(`/v1/ledger/books/${book}`, { token: other })).status).toBe(403)
  expect((await system.get('/v1/ledger/books', { token: other })).body['items']).toEqual([])
})

test('pages of a list lead from the newest to the oldest, each item once', async () => {
  const book = await system.newBook('a', 'b')
  let position = '0'
  for (let id = 1; id <= 7; id++)
    position = String((await system.post(path(book), move(String(id), '1'))).body['position'])
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const { body } = await system.get(`${path(book)}?limit=3${query}`, {
      headers: { 'headwater-min-position': position },
    })
    seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id))
    cursor = body['next'] as string | null
  }
  expect(seen).toEqual(['7', '6', '5', '4', '3', '2', '1'])
})

test('an unchanged answer is 304, a changed one is not', async () => {
  const book = await system.newBook('a', 'b')
  const first = await system.post(path(book), move('1', '1'))
  const at = (position: unknown): Record<string, string> => ({ 'headwater-min-position': String(position) })
  const read = await system.get(`/v1/ledger/books/${book}/balances/a`, { headers: at(first.body['position']) })
  const etag = read.headers.get('etag') ?? ''
  expect(etag).toMatch(/^W\/"accounts\.1-\d+"$/)
  const same = await system.get(`/v1/ledger/books/${book}/balances/a`, { headers: { 'if-none-match': etag } })
  expect(same.status).toBe(304)
  const second = await system.post(path(book), move('2', '1'))
  const changed = await system.get(`/v1/ledger/books/${book}/balances/a`, {
    headers: { 'if-none-match': etag, ...at(second.body['position']) },
  })
  expect(changed.status).toBe(200)
})
