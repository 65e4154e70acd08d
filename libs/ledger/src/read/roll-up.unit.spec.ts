import fc from 'fast-check'
import { addText, compare, parseDecimal, ROWS_MAX } from '#domain-kit'
import { rolledUp } from './roll-up.js'

const line = (account: string, amount: string, commodity = 'EUR') => ({ account, commodity, amount })

test('an account includes what stands below it, by commodity', () => {
  const lines = [line('a:b:c', '1.50'), line('a:b', '2'), line('a', '-0.5'), line('a:b:c', '7', 'USD'), line('ab', '9')]
  expect(rolledUp(lines)).toEqual([
    line('a:b:c', '1.50'),
    line('a:b:c', '7', 'USD'),
    line('a:b', '3.50'),
    line('a:b', '7', 'USD'),
    line('a', '3.00'),
    line('a', '7', 'USD'),
    line('ab', '9'),
  ])
})

test('an account that nobody opened stands in the tree when something stands below it', () => {
  expect(rolledUp([line('a:b', '5')]).map(({ account }) => account)).toEqual(['a:b', 'a'])
})

test('an empty segment is a name like any other, but nothing stands above a leading colon', () => {
  expect(rolledUp([line('a::b', '1')]).map(({ account }) => account)).toEqual(['a::b', 'a:', 'a'])
  expect(rolledUp([line(':a', '1')]).map(({ account }) => account)).toEqual([':a'])
  expect(rolledUp([line('a:', '1')]).map(({ account }) => account)).toEqual(['a:', 'a'])
})

test('as many lines as an answer may have are rolled up, all of them far below the same accounts', () => {
  const depth = 100
  const many = Array.from({ length: ROWS_MAX - depth }, (_, at) => line('a' + ':a'.repeat(depth - 1) + `:${at}`, '1'))
  const all = rolledUp(many)
  expect(all).toHaveLength(ROWS_MAX)
  expect(all.filter(({ amount }) => amount === `${many.length}`)).toHaveLength(depth)
})

test('accounts and commodities named like members of every object are summed like any other', () => {
  expect(rolledUp([line('__proto__:a', '1', 'constructor'), line('__proto__', '2', 'constructor')])).toEqual([
    line('__proto__:a', '1', 'constructor'),
    line('__proto__', '3', 'constructor'),
  ])
})

const lines = fc.array(
  fc.record({
    account: fc
      .array(fc.constantFrom('', 'a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((path) => path.join(':'))
      .filter((name) => name !== ''),
    commodity: fc.constantFrom('', 'EUR'),
    amount: fc.integer({ min: -999, max: 999 }).map((n) => (n / 100).toFixed(2)),
  }),
  { maxLength: 15 },
)

test('each sum is that of the accounts whose name is it, or begins with it and a colon', () => {
  fc.assert(
    fc.property(lines, (all) => {
      for (const { account, commodity, amount } of rolledUp(all)) {
        const below = all.filter((it) => it.account === account || it.account.startsWith(`${account}:`))
        const expected = below.filter((it) => it.commodity === commodity).map((it) => it.amount)
        expect(compare(parseDecimal(amount), parseDecimal(expected.reduce(addText)))).toBe(0)
      }
    }),
  )
})

test('every account keeps its place, and no line is doubled', () => {
  fc.assert(
    fc.property(lines, (all) => {
      const places = rolledUp(all).map(({ account, commodity }) => JSON.stringify([account, commodity]))
      expect(new Set(places).size).toBe(places.length)
      for (const { account, commodity } of all) expect(places).toContain(JSON.stringify([account, commodity]))
    }),
  )
})
