import { move, type RequestOptions, System } from './system.js'

const legs = (a: object, b: object = { amount: '-1' }): object => ({
  id: 'legs',
  date: '2026-11-23',
  postings: [
    { account: 'a', amount: '1', commodity: 'X', ...a },
    { account: 'b', commodity: 'X', ...b },
  ],
})

const deep = `{"id":${'['.repeat(50_000)}${']'.repeat(50_000)}}`

/** What is sent, and the status and code that answer it. */
const BODIES: readonly (readonly [name: string, body: unknown, status: number, code: string])[] = [
  ['malformed JSON', '{"id":', 400, 'malformed-json'],
  ['nothing', '', 400, 'malformed-json'],
  ['a list', '[]', 400, 'invalid-body'],
  ['null', 'null', 400, 'invalid-body'],
  ['a prototype key', '{"__proto__":{"x":1}}', 400, 'malformed-json'],
  ['a constructor key', '{"constructor":{"prototype":{"x":1}}}', 400, 'malformed-json'],
  ['fifty thousand brackets', deep, 400, 'invalid-body'],
  ['an unknown field', move('x', '1', { colour: 'red' }), 400, 'invalid-body'],
  ['null for a field', move('x', '1', { description: null }), 400, 'invalid-body'],
  ['lists for postings', move('x', '1', { postings: [[], []] }), 400, 'invalid-body'],
  ['one posting', move('x', '1', { postings: [{ account: 'a', amount: '0', commodity: '' }] }), 400, 'invalid-body'],
  ['a lone surrogate', '{"id":"\\ud800","date":"2026-11-23","postings":[]}', 400, 'invalid-body'],
  ['a null byte', move('x', '1', { description: 'a\u0000b' }), 400, 'invalid-body'],
  ['an exponent', legs({ amount: '1e5' }), 400, 'invalid-body'],
  ['not a number', legs({ amount: 'NaN' }), 400, 'invalid-body'],
  ['a number for an amount', legs({ amount: 1 }), 400, 'invalid-body'],
  ['ten thousand digits', legs({ amount: '1'.repeat(10_000) }), 400, 'invalid-body'],
  ['a negative cost', legs({ cost: { kind: 'unit', amount: '-1', commodity: 'Y' } }), 400, 'invalid-body'],
  ['a long account name', legs({ account: 'x'.repeat(256) }), 400, 'invalid-body'],
  ['a long id', move('x'.repeat(129), '1'), 400, 'invalid-body'],
  ['a day that is not', move('x', '1', { date: '2026-02-30' }), 400, 'invalid-body'],
  ['two megabytes', `{"id":"${'x'.repeat(2_000_000)}"}`, 413, 'body-too-large'],
  ['what does not balance', legs({ amount: '2' }), 422, 'unbalanced'],
  ['an unknown account', legs({ account: 'nowhere' }), 422, 'account-not-open'],
]

let system: System
let book: string
beforeAll(async () => {
  system = await System.open()
  book = await system.newBook('a', 'b')
})

/** Every refusal is a problem that explains itself, and no event. */
async function expectProblem(
  sent: Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>,
  status: number,
  code: string,
): Promise<void> {
  const answer = await sent
  expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status, code })
  expect(answer.headers.get('content-type')).toMatch('application/problem+json')
  expect(answer.body).toMatchObject({ type: `urn:headwater:problem:${code}`, status })
  for (const field of ['title', 'detail', 'instance']) expect(answer.body[field]).toEqual(expect.any(String))
}

test.each(BODIES)('%s is refused with a precise problem', async (_, body, status, code) => {
  await expectProblem(system.post(`/v1/ledger/books/${book}/transactions`, body), status, code)
})

test('nothing that was refused left an event', async () => {
  const { body } = await system.get(`/v1/ledger/books/${book}`)
  expect(body).toMatchObject({ revision: '2', transactions: 0 })
})

test('the fields that are wrong are named, all of them', async () => {
  const { body } = await system.post(`/v1/ledger/books/${book}/transactions`, legs({ amount: '1e5', colour: 'red' }))
  const fields = (body['errors'] as { field: string }[]).map(({ field }) => field)
  expect(fields.sort()).toEqual(['postings.0.amount', 'postings.0.colour'])
})

test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])('%s is not read', async (type) => {
  const options: RequestOptions = { headers: { 'content-type': type } }
  await expectProblem(system.post('/v1/ledger/books', 'x=1', options), 415, 'unsupported-media-type')
})

test.each(['..', 'a/b', 'a b', 'ä', '__proto__', 'x'.repeat(65), ''])('a book cannot be named %j', async (name) => {
  await expectProblem(system.post('/v1/ledger/books', { book: name }), 400, 'invalid-body')
})

test.each(['limit=0', 'limit=1001', 'limit=1&limit=2', 'cursor=abc', 'colour=red'])('?%s is refused', async (query) => {
  const { status, body } = await system.get(`/v1/ledger/books/${book}/transactions?${query}`)
  expect(status).toBe(400)
  expect(body['code']).toMatch(/^invalid-(parameter|cursor)$/)
})

test.each(['tree=yes', '__proto__=1', 'account=%00', 'account=a&account=b'])(
  'balances?%s is refused',
  async (query) => {
    await expectProblem(system.get(`/v1/ledger/books/${book}/balances?${query}`), 400, 'invalid-parameter')
  },
)

test('an account that was closed, and one below its lowest balance, take no posting', async () => {
  const own = await system.newBook('a', 'b')
  await system.post(`/v1/ledger/books/${own}/accounts`, {
    account: 'low',
    lowestBalance: [{ commodity: 'EUR', amount: '-5' }],
  })
  const path = `/v1/ledger/books/${own}/transactions`
  const postings = [
    { account: 'low', amount: '-5.01', commodity: 'EUR' },
    { account: 'a', amount: '5.01', commodity: 'EUR' },
  ]
  await expectProblem(system.post(path, { ...move('1', '1'), postings }), 422, 'below-lowest-balance')
  await system.send('DELETE', `${system.commands}/v1/ledger/books/${own}/accounts/b`)
  await expectProblem(system.post(path, move('2', '1')), 422, 'account-closed')
})

test('a position that nobody has reached yet is waited for, then 503 says where we are', async () => {
  const { status, headers, body } = await system.get(`/v1/ledger/books/${book}`, {
    headers: { 'headwater-min-position': '999999999999' },
  })
  expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'not-fresh-enough' })
  expect(headers.get('retry-after')).toMatch(/^\d+$/)
  expect(headers.get('headwater-position')).toMatch(/^\d+$/)
})
