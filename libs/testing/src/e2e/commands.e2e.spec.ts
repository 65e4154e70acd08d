import { describeCommands } from './commands.js'
import { move, System } from './system.js'

let system: System
beforeAll(async () => {
  system = await System.open()
})

const path = (book: string): string => `/v1/ledger/books/${book}/transactions`

describeCommands(() => system)

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
  expect(etag).toMatch(/^W\/"accounts\.1\.1-\d+"$/)
  const same = await system.get(`/v1/ledger/books/${book}/balances/a`, { headers: { 'if-none-match': etag } })
  expect(same.status).toBe(304)
  const second = await system.post(path(book), move('2', '1'))
  const changed = await system.get(`/v1/ledger/books/${book}/balances/a`, {
    headers: { 'if-none-match': etag, ...at(second.body['position']) },
  })
  expect(changed.status).toBe(200)
})
