import { eventually } from '../eventually.js'
import { move, System } from './system.js'

let system: System
let book: string
let path: string
/** Positions and times of three transactions, in order. */
let posted: { readonly position: string; readonly time: string }[]

beforeAll(async () => {
  system = await System.open()
  book = await system.newBook('a', 'b')
  path = `/v1/ledger/books/${book}`
  posted = []
  for (const [id, amount, more] of [
    ['1', '1', { date: '2026-01-05', description: 'Rent, January' }],
    ['2', '2', { date: '2026-01-03', description: 'Bread' }],
    ['3', '4', { date: '2026-02-01', description: 'Rent "February"' }],
  ] as const) {
    const { status, body } = await system.post(`${path}/transactions`, move(id, amount, more))
    expect(status).toBe(201)
    const position = String(body['position'])
    const read = await get(`/transactions/${id}`, { 'headwater-min-position': position })
    posted.push({ position, time: String(read.body['time']) })
    // The next one comes a millisecond later at least, so that times tell them apart.
    await eventually('the clock has moved', () => Date.now() > Date.parse(posted.at(-1)!.time) + 1)
  }
  await eventually('the list shows it', async () => (await idsOf('')).length === 3)
})

const get = (what: string, headers: Readonly<Record<string, string>> = {}, token?: string) =>
  system.get(path + what, { headers, token })
const idsOf = async (search: string): Promise<string[]> => {
  const { body } = await get(`/transactions${search}`)
  return (body['items'] as { id: string }[]).map(({ id }) => id)
}
const codeOf = async (what: string, headers = {}): Promise<unknown> => {
  const { status, body } = await get(what, headers)
  return [status, body['code']]
}

test('transactions are narrowed by date, text and account, and put in order', async () => {
  expect(await idsOf('?sort=date')).toEqual(['2', '1', '3'])
  expect(await idsOf('?sort=-date')).toEqual(['3', '1', '2'])
  expect(await idsOf('?from=2026-01-04&to=2026-01-31')).toEqual(['1'])
  expect(await idsOf('?description=Rent&from=2026-01-01')).toEqual(['3', '1'])
  expect(await idsOf('?descriptionPrefix=Br')).toEqual(['2'])
  expect(await idsOf('?account=a')).toEqual(['3', '2', '1'])
  expect(await idsOf('?account=A')).toEqual([])
  expect(await codeOf('/transactions?colour=red')).toEqual([400, 'invalid-parameter'])
  const { body } = await get('/transactions?sort=date&limit=2')
  const next = encodeURIComponent(String(body['next']))
  expect(await idsOf(`?sort=date&limit=2&cursor=${next}`)).toEqual(['3'])
  expect(await codeOf(`/transactions?sort=-date&cursor=${next}`)).toEqual([400, 'invalid-cursor'])
})

test('balances and statements are answered as they were, by position and by time', async () => {
  const amounts = ['1', '3', '7']
  for (const [n, { position, time }] of posted.entries())
    for (const at of [position, time]) {
      const search = `?at=${encodeURIComponent(at)}`
      const { headers, body } = await get(`/balances/a${search}`)
      const balance = { account: 'a', commodity: 'EUR', amount: amounts[n] }
      expect(body).toEqual({ position, account: 'a', balances: [balance] })
      expect(headers.get('headwater-position')).toBe(position)
      expect(headers.get('headwater-source')).toBe('replica')
      const all = await get(`/balances${search}&nonzero=true`)
      expect(all.body['balances']).toEqual([balance, { account: 'b', commodity: 'EUR', amount: `-${amounts[n]}` }])
      const lines = await get(`/accounts/a/statement${search}`)
      expect(lines.body).toMatchObject({ position, items: { length: n + 1 } })
    }
  expect((await get('/balances/a')).body).toMatchObject({ open: true, balances: [{ amount: '7' }] })
  for (const at of ['1', '2001-01-01T00:00:00Z'])
    for (const what of ['/balances/a', '/balances', '/accounts/a/statement'])
      expect(await codeOf(`${what}?at=${at}`)).toEqual([404, 'not-found'])
  expect(await codeOf('/balances/a?at=999999999999')).toEqual([503, 'not-fresh-enough'])
  expect(await codeOf('/balances/a?at=yesterday')).toEqual([400, 'invalid-parameter'])
  expect(await codeOf('/transactions?at=1')).toEqual([400, 'invalid-parameter'])
})

test('lists and collections come as CSV and NDJSON, documents do not', async () => {
  const csv = await get('/transactions?sort=date&from=2026-01-04', { accept: 'text/csv' })
  expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="transactions-\d+\.csv"$/)
  expect(csv.headers.get('headwater-position')).toMatch(/^\d+$/)
  const lines = String(csv.body['text']).split('\r\n')
  expect(lines[0]).toBe('position,id,date,description,code,comment,tags,postings,reverses,reversedBy,captures,time')
  expect(lines.slice(1).map((line) => line.split(',').slice(1, 3))).toEqual([
    ['1', '2026-01-05'],
    ['3', '2026-02-01'],
    [],
  ])
  expect(lines[1]).toContain('"Rent, January"')
  expect(lines[2]).toContain('"Rent ""February"""')
  const ndjson = await get('/accounts/a/statement?limit=2', { accept: 'application/x-ndjson' })
  const items = String(ndjson.body['text']).trim().split('\n')
  expect(items.map((line) => (JSON.parse(line) as { balance: string }).balance)).toEqual(['7', '3'])
  const balances = await get('/balances?sort=amount', { accept: 'text/csv' })
  expect(balances.body['text']).toBe('account,commodity,amount\r\nb,EUR,-7\r\na,EUR,7\r\n')
  expect(await codeOf('/balances/a', { accept: 'text/csv' })).toEqual([406, 'not-acceptable'])
  expect(await codeOf('/transactions', { accept: 'text/html' })).toEqual([406, 'not-acceptable'])
  const head = await system.send('HEAD', `${system.queries}${path}/transactions`, { headers: { accept: 'text/csv' } })
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present'])
})

test('an entity tag stands for one state of one URL, and answers say what they depend on', async () => {
  const tagOf = async (what: string, headers = {}): Promise<string | null> =>
    (await get(what, headers)).headers.get('etag')
  const { headers } = await get('/balances/a')
  expect(headers.get('etag')).toMatch(/^W\/"accounts\.1\.1-\d+"$/)
  expect(headers.get('vary')).toBe('accept, authorization')
  for (const what of ['/balances/a', '/transactions?sort=date&limit=1', `/balances?at=${posted[0]!.position}`]) {
    const tag = (await tagOf(what)) ?? ''
    expect((await get(what, { 'if-none-match': tag })).status).toBe(304)
  }
  expect(await tagOf(`/balances/a?at=${posted[0]!.position}`)).toMatch(
    new RegExp(`^W/"statement\\.3\\.\\d+-${posted[0]!.position}"$`),
  )
  expect(await tagOf('/transactions', { accept: 'text/csv' })).toBeNull()
})

test('what has no stream of changes cannot be watched, and says so', async () => {
  const socket = await system.live()
  const subscribe = (search: string) => socket.emitWithAck('subscribe', { resource: path + search })
  try {
    for (const [search, field] of [
      ['/transactions?from=2026-01-01', 'from'],
      ['/transactions?sort=date', 'sort'],
      ['/balances/a?at=1', 'at'],
    ])
      expect(await subscribe(search ?? '')).toMatchObject({
        ok: false,
        problem: { status: 400, code: 'invalid-parameter', errors: [{ field, rule: 'live' }] },
      })
    expect(await subscribe('/balances?commodity=EUR&sort=amount')).toMatchObject({
      ok: true,
      data: { balances: [{ account: 'b' }, { account: 'a' }] },
    })
  } finally {
    socket.disconnect()
  }
})
