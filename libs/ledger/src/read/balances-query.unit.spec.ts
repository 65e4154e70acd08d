import { ROWS_MAX, TooManyRows } from '#domain-kit'
import { faultNamesOf } from '#testing'
import { type Balance, BalancesQuery, shownBalances } from './balances-query.js'

const balance = (account: string, amount: string, commodity = 'EUR'): Balance => ({ account, commodity, amount })
const all = [
  balance('b', '10'),
  balance('a:x', '9.5'),
  balance('a', '0.00'),
  balance('a', '-3', 'USD'),
  balance('a:y', '-9.50'),
]
const shown = (query: BalancesQuery): string[] =>
  shownBalances(all, query).map(({ account, commodity, amount }) => `${account} ${amount} ${commodity}`)

test('balances stand by account and commodity when nothing else is said', () => {
  expect(shown({})).toEqual(['a 0.00 EUR', 'a -3 USD', 'a:x 9.5 EUR', 'a:y -9.50 EUR', 'b 10 EUR'])
  expect(shown({ sort: 'account' })).toEqual(shown({}))
  expect(shown({ sort: '-account' })).toEqual(shown({}).reverse())
})

test('amounts are put in order as numbers', () => {
  expect(shown({ sort: 'amount' })).toEqual(['a:y -9.50 EUR', 'a -3 USD', 'a 0.00 EUR', 'a:x 9.5 EUR', 'b 10 EUR'])
  expect(shown({ sort: '-amount' })[0]).toBe('b 10 EUR')
})

test('one commodity, and nothing that has come to zero', () => {
  expect(shown({ commodity: 'USD' })).toEqual(['a -3 USD'])
  expect(shown({ commodity: 'usd' })).toEqual([])
  expect(shown({ nonzero: 'true' })).not.toContain('a 0.00 EUR')
  expect(shown({ nonzero: 'false' })).toEqual(shown({}))
})

test('zero is judged after rolling up', () => {
  expect(shown({ tree: 'true', nonzero: 'true', commodity: 'EUR' })).toEqual([
    'a:x 9.5 EUR',
    'a:y -9.50 EUR',
    'b 10 EUR',
  ])
})

test('what would be too much is refused, whether it was read or is made by rolling up', () => {
  const deep = (name: string): Balance => balance(name + ':a'.repeat(125), '1')
  const apart = Array.from({ length: 1_000 }, (_, at) => deep(`${at}`))
  expect(shownBalances(apart, {})).toHaveLength(1_000)
  expect(() => shownBalances(apart, { tree: 'true' })).toThrow(TooManyRows)
  const many = Array.from({ length: ROWS_MAX + 1 }, (_, at) => balance('a', '1', `${at}`))
  expect(() => shownBalances(many, {})).toThrow(TooManyRows)
  expect(shownBalances(many, { commodity: '7' })).toHaveLength(1)
})

test('what is given is left as it was', () => {
  const given = [balance('b', '1'), balance('a', '2')]
  shownBalances(given, { sort: 'amount' })
  expect(given.map(({ account }) => account)).toEqual(['b', 'a'])
})

test('a query of another kind is refused', () => {
  const takes = (query: object): string[] => faultNamesOf(BalancesQuery, query, 'query')
  expect(takes({ commodity: '', nonzero: 'true', sort: '-amount' })).toEqual([])
  expect(takes({ nonzero: 'yes' })).not.toEqual([])
  expect(takes({ sort: 'commodity' })).not.toEqual([])
  expect(takes({ commodity: 'x'.repeat(65) })).not.toEqual([])
})
