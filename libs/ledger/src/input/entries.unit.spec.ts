import { faultNamesOf } from '#testing'
import { OpenAccount } from '../commands/open-account.js'
import { OpenBook } from '../commands/open-book.js'
import { PostTransaction } from '../commands/post-transaction.js'
import { BalancesQuery } from '../read/balances-query.js'
import { goodEntry, goodPosting, withPosting } from '../fixtures/bodies.js'

describe('a date', () => {
  const takes = (date: unknown): string[] => faultNamesOf(PostTransaction, { ...goodEntry, date })

  test.each(['2026-11-23', '2024-02-29', '2000-02-29', '1900-02-28', '0001-01-01', '9999-12-31'])(
    'may be %s',
    (date) => {
      expect(takes(date)).toEqual([])
    },
  )

  test.each([
    ...['2026-02-29', '1900-02-29', '2100-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '2026-01-00', '2026-01-32'],
    ...['2026-1-1', '26-01-01', '02026-01-01', '2026/01/01', '20260101', '2026-11-23T00:00:00Z', '2026-11-23\n', ''],
    ...[20261123, true, {}],
  ])('may not be %j', (date) => {
    expect(takes(date)).toEqual(['date isDay'])
  })
})

describe('postings', () => {
  const takes = (postings: unknown): string[] => faultNamesOf(PostTransaction, { ...goodEntry, postings })

  test('are 2 to 1,000', () => {
    expect(takes([goodPosting, goodPosting])).toEqual([])
    expect(takes(Array.from({ length: 1_000 }, () => goodPosting))).toEqual([])
    expect(takes([])).toEqual(['postings arrayMinSize'])
    expect(takes([goodPosting])).toEqual(['postings arrayMinSize'])
    expect(takes(Array.from({ length: 1_001 }, () => goodPosting))).toEqual(['postings arrayMaxSize'])
  })

  test.each([
    ['left out', undefined],
    ['an object like a list', { 0: goodPosting, 1: goodPosting, length: 2 }],
    ['a text', 'cash -5'],
    ['null', null],
    ['lists', [[goodPosting], [goodPosting]]],
    ['texts', ['a', 'b']],
    ['a list with null', [goodPosting, null]],
  ])('may not be %s', (_, postings) => {
    expect(takes(postings)).not.toEqual([])
  })

  test('are each told what is wrong with them', () => {
    expect(
      takes([
        { ...goodPosting, account: '' },
        { ...goodPosting, amount: 'NaN', note: 'x' },
      ]),
    ).toEqual(['postings.0.account isText', 'postings.1.note unknown-field', 'postings.1.amount isAmount'])
  })

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('may not bring a field %s along', (name) => {
    const text = JSON.stringify(withPosting({ cost: { kind: 'unit', amount: '1', commodity: '' } }))
    const inPosting = text.replace('"amount":"-12.50"', `"amount":"-12.50","${name}":{"a":1}`)
    expect(faultNamesOf(PostTransaction, JSON.parse(inPosting))).toEqual([`postings.0.${name} unknown-field`])
    const inCost = text.replace('"kind":"unit"', `"kind":"unit","${name}":5`)
    expect(faultNamesOf(PostTransaction, JSON.parse(inCost))).toEqual([`postings.0.cost.${name} unknown-field`])
  })
})

describe('a lowest balance', () => {
  const takes = (lowestBalance: unknown): string[] => faultNamesOf(OpenAccount, { account: 'a', lowestBalance })
  const of = (commodity: string, amount = '-5.00'): object => ({ commodity, amount })

  test('is one amount a commodity, of either sign', () => {
    expect(takes([])).toEqual([])
    expect(takes([of('EUR'), of('USD', '0'), of('', '5')])).toEqual([])
    expect(takes([of('EUR'), of('EUR', '7')])).toEqual(['lowestBalance arrayUnique'])
    expect(takes(Array.from({ length: 64 }, (_, at) => of(`C${at}`)))).toEqual([])
    expect(takes(Array.from({ length: 65 }, (_, at) => of(`C${at}`)))).toEqual(['lowestBalance arrayMaxSize'])
  })

  test('is checked amount by amount', () => {
    expect(takes([of('EUR', 'NaN')])).toEqual(['lowestBalance.0.amount isAmount'])
    expect(takes([{ commodity: 'EUR', amount: '1', account: 'a' }])).toEqual(['lowestBalance.0.account unknown-field'])
    expect(takes([null])).toEqual(['lowestBalance.0 null'])
    expect(takes(of('EUR'))).toContain('lowestBalance isArray')
  })
})

test('a field that nobody reads is refused', () => {
  expect(faultNamesOf(PostTransaction, { ...goodEntry, ammount: '5' })).toEqual(['ammount unknown-field'])
  expect(faultNamesOf(OpenBook, { book: 'a', accounts: [] })).toEqual(['accounts unknown-field'])
})

test('a query for balances takes a prefix and a tree, each once', () => {
  const takes = (query: object): string[] => faultNamesOf(BalancesQuery, query, 'query')
  expect(takes({})).toEqual([])
  expect(takes({ account: '', tree: 'true' })).toEqual([])
  expect(takes({ account: 'x'.repeat(256) })).toEqual(['account isText'])
  expect(takes({ account: ['a', 'b'] })).toEqual(['account isText'])
  expect(takes({ tree: 'yes' })).toEqual(['tree isIn'])
  expect(takes({ trees: 'true' })).toEqual(['trees unknown-field'])
})
