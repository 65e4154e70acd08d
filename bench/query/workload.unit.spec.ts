import { domains } from '#domains'
import { laneFor, LANES, tablesOf, WHOLE } from '#read-models'
import { BALANCES } from './workload.js'

const IN_FLIGHT = 64

const bookOf = (path: string): string => path.split('/')[4] ?? ''

test('balances are of ten thousand rows, and those asked for at one time of as many', () => {
  expect(new Set(BALANCES).size).toBe(10_000)
  expect(new Set(BALANCES.slice(0, IN_FLIGHT).map(bookOf)).size).toBe(IN_FLIGHT)
})

test('the books of the balances are of every partition', () => {
  const accounts = tablesOf(domains).find(({ name }) => name === 'accounts')
  if (!accounts) throw new Error('there is no table of accounts')
  const lanes = new Set(BALANCES.map((path) => laneFor(accounts, { book: bookOf(path) })))
  expect([...lanes].sort()).toEqual(LANES.filter((lane) => lane !== WHOLE))
})
