import { ledger } from '#ledger'
import { listSql, rowsFor } from './list-sql.js'
import { ResourceCatalogue } from './resources.js'

const LIMITS = Array.from({ length: 1_000 }, (_, at) => at + 1)

test('pages of all sizes are few statements, whose plans every connection can keep', () => {
  const named = new ResourceCatalogue([ledger]).find('/v1/ledger/books/main/transactions')!
  const texts = LIMITS.map((limit) => listSql(named, { limit: rowsFor(limit), scanned_max: 50_000 }).text)
  expect(new Set(texts).size).toBeLessThan(10)
})

test('more rows are asked for than a page shows, and for a page of the usual size no more than one', () => {
  expect(LIMITS.filter((limit) => rowsFor(limit) <= limit)).toEqual([])
  expect([10, 50, 100, 1_000].map(rowsFor)).toEqual([11, 51, 101, 1_001])
})
