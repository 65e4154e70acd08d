import { aggregate, document, domain, integer, projection, text } from '#domain-kit'
import { ledger } from '#ledger'
import { type ReadableResource, ResourceCatalogue } from '#read-models'
import { parseAt } from './at.js'
import { type Principal } from '#runtime'
import { authorized, checkQuery, checkWatchable } from './query-input.js'

const catalogue = new ResourceCatalogue([ledger])
const readable = (path: string): ReadableResource => catalogue.find(`/v1/ledger/books${path}`)!.readable
const transactions = readable('/main/transactions')
const statement = readable('/main/accounts/a/statement')
const balances = readable('/main/balances')
const balance = readable('/main/balances/a')
const summary = readable('/main')

const everything: Pick<Principal, 'idsOf'> = { idsOf: () => undefined }

const refused = (field: string, rule: string): object =>
  expect.objectContaining({
    code: 'invalid-parameter',
    errors: [expect.objectContaining({ field, rule })],
  }) as object

describe('a list', () => {
  test('takes its filters, its orders and a page', () => {
    const query = checkQuery(transactions, { from: '2026-01-01', description: 'rent', sort: '-date', limit: '7' })
    expect(query).toMatchObject({ limit: 7, cursor: undefined, sort: { column: 'date', isDescending: true } })
    expect(query.where?.map(({ filter, value }) => [filter.rule, filter.column, value])).toEqual([
      ['from', 'date', '2026-01-01'],
      ['contains', 'description', 'rent'],
    ])
    expect(checkQuery(transactions, {})).toMatchObject({ limit: 50, where: [], sort: undefined, at: undefined })
    expect(checkQuery(statement, { commodity: '' }).where).toHaveLength(1)
  })

  test.each([
    [{ colour: 'red' }, 'colour', 'unknown-field'],
    [{ constructor: '1' }, 'constructor', 'unknown-field'],
    [{ commodity: 'EUR' }, 'commodity', 'unknown-field'],
    [{ from: '2026-02-30' }, 'from', 'from'],
    [{ from: ['2026-01-01', '2026-01-02'] }, 'from', 'once'],
    [{ description: '' }, 'description', 'contains'],
    [{ description: 'x'.repeat(201) }, 'description', 'contains'],
    [{ account: 'a\u0000' }, 'account', 'control'],
    [{ account: '\ud800' }, 'account', 'unicode'],
    [{ sort: 'amount' }, 'sort', 'sort'],
    [{ sort: '--date' }, 'sort', 'sort'],
    [{ limit: '1001' }, 'limit', 'range'],
    [{ limit: '0' }, 'limit', 'range'],
    [{ limit: '1e2' }, 'limit', 'range'],
    [{ cursor: ['a', 'b'] }, 'cursor', 'once'],
    [{ at: '7' }, 'at', 'unknown-field'],
  ])('does not take %j', (query, field, rule) => {
    expect(() => checkQuery(transactions, query)).toThrow(refused(field, rule) as Error)
  })

  test('that has no order but the log\u2019s takes no sort', () => {
    expect(() => checkQuery(statement, { sort: 'date' })).toThrow(refused('sort', 'unknown-field') as Error)
  })

  test('is exported whole when no limit is given, or up to one that no page could have', () => {
    expect(checkQuery(transactions, {}, true).limit).toBeUndefined()
    expect(checkQuery(transactions, { limit: '250000' }, true).limit).toBe(250_000)
    expect(() => checkQuery(transactions, { limit: '0' }, true)).toThrow(refused('limit', 'range') as Error)
  })
})

test('at is taken where earlier states are kept, and nowhere else', () => {
  const at = { position: 7n }
  expect(checkQuery(statement, { at: '7', from: '2026-01-01' })).toMatchObject({ at, limit: 50 })
  expect(checkQuery(balance, { at: '7' })).toEqual({ at, filter: {} })
  expect(checkQuery(balances, { at: '7', tree: 'true' })).toEqual({ at, filter: { tree: 'true' } })
  expect(() => checkQuery(summary, { at: '7' })).toThrow(refused('at', 'unknown-field') as Error)
  expect(() => checkQuery(balance, { at: ['1', '2'] })).toThrow(refused('at', 'once') as Error)
  expect(() => checkQuery(balance, { limit: '7' })).toThrow(refused('limit', 'unknown-field') as Error)
})

test.each([
  ['7', { position: 7n }],
  ['2026-11-23T10:00:00Z', { time: '2026-11-23T10:00:00.000Z' }],
  ['2026-11-23T10:00:00.123456789Z', { time: '2026-11-23T10:00:00.123Z' }],
  ['2026-11-23T10:00+02:00', { time: '2026-11-23T08:00:00.000Z' }],
  ['2028-02-29T23:00-02:00', { time: '2028-03-01T01:00:00.000Z' }],
])('at=%s is %j', (text, expected) => {
  expect(parseAt(text)).toEqual(expected)
})

test.each([
  ...['', '-1', 'now', '2026-11-23', '2026-11-23T10:00:00', '2026-13-01T00:00:00Z', '2026-11-23 10:00:00Z'],
  ...['2026-11-23T10:00:00 02:00', '9999-12-31T23:59:59-12:00', '0000-01-01T00:00:00+12:00', '9'.repeat(20)],
  ...[
    '2026-02-30T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-02-29T00:00+02:00',
    '2026-01-00T00:00:00Z',
    '2026-02-32T00:00:00Z',
  ],
])('at=%j is refused', (text) => {
  expect(() => parseAt(text)).toThrow(/^at must be a position/)
})

test('what is narrowed, in another order, of long ago or an older page cannot be watched', () => {
  const watched = (of: ReadableResource, query: Readonly<Record<string, string>>) => () =>
    checkWatchable(of, checkQuery(of, query))
  expect(watched(transactions, { limit: '5' })).not.toThrow()
  expect(watched(balances, { tree: 'true', commodity: 'EUR', sort: 'amount' })).not.toThrow()
  expect(watched(transactions, { from: '2026-01-01' })).toThrow(refused('from', 'live') as Error)
  expect(watched(transactions, { account: 'a' })).toThrow(refused('account', 'live') as Error)
  expect(watched(transactions, { sort: 'date' })).toThrow(refused('sort', 'live') as Error)
  expect(watched(transactions, { cursor: 'any' })).toThrow(refused('cursor', 'live') as Error)
  expect(watched(transactions, { cursor: 'any' })).toThrow('subscribe without it, or GET the resource with it')
  expect(watched(balance, { at: '7' })).toThrow(refused('at', 'live') as Error)
})

test('an instance is read by the ids that its aggregate may have, and by no other', () => {
  const invoice = aggregate<{ readonly type: 'Sent'; readonly data: { readonly to: string } }>()('invoice', {
    version: 1,
    id: { pattern: /^\d{4}\/\d+$/, rule: 'a year, a slash and a number' },
    initial: {},
    evolve: { Sent: (state) => state },
  })
  const invoices = projection('invoices', {
    version: 1,
    of: invoice,
    table: { invoice: text().key() },
    key: ({ aggregateId }) => ({ invoice: aggregateId }),
    fold: { Sent: (row) => row },
  })
  const billing = domain('billing', { commands: [], resources: [document(invoices, 'GET /invoices/{invoice}')] })
  const billed = new ResourceCatalogue([billing])
  const asked = (path: string) => () => {
    const found = billed.find(`/v1/billing/invoices/${path}`)!
    return authorized(found.readable, found.params, everything as Principal)
  }
  expect(asked('2026%2F1')().params).toEqual({ invoice: '2026/1' })
  expect(asked('main')).toThrow('invoice must be a year, a slash and a number')
  expect(() => authorized(summary, { book: '2026/1' }, everything as Principal)).toThrow(refused('book', 'id') as Error)
})

test('a number in a path is taken as answers write it, and not otherwise: it is one place in the cache, and one name for who watches', () => {
  const counter = aggregate<{ readonly type: 'Counted'; readonly data: { readonly by: number } }>()('counter', {
    version: 1,
    initial: {},
    evolve: { Counted: (state) => state },
  })
  const steps = projection('steps', {
    version: 1,
    of: counter,
    table: { counter: text().key(), by: integer().key(), times: integer() },
    key: (event) => ({ counter: event.aggregateId, by: event.data.by }),
    fold: { Counted: (row) => ({ ...row, times: row.times + 1 }) },
  })
  const counting = domain('counting', { commands: [], resources: [document(steps, 'GET /steps/{counter}/{by}')] })
  const [step] = new ResourceCatalogue([counting]).resources
  const asked = (by: string) => () => authorized(step!, { counter: 'a', by }, everything as Principal)
  expect(asked('-5')().params).toEqual({ counter: 'a', by: '-5' })
  for (const by of ['05', '+5', 'abc', '2147483648']) expect(asked(by)).toThrow(refused('by', 'integer') as Error)
})
