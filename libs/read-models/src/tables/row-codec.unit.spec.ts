import { bigint, boolean, integer, json, numeric, text } from '#domain-kit'
import { decodeRow, encodeRow } from './row-codec.js'

const columns = {
  id: bigint().key(),
  name: text().nullable(),
  limit: bigint().nullable(),
  count: integer().nullable(),
  amount: numeric().nullable(),
  open: boolean().nullable(),
  more: json<{ readonly tags: readonly string[] }>({ tags: [] }).nullable(),
}

test.each([
  [
    'values',
    { id: 9_007_199_254_740_993n, name: 'a', limit: -1n, count: 2, amount: '0.10', open: true, more: { tags: ['x'] } },
  ],
  ['nothing', { id: 0n, name: null, limit: null, count: null, amount: null, open: null, more: null }],
])('a row of columns that hold %s comes back from the cache as it was', (_, row) => {
  const kept = JSON.stringify(encodeRow(columns, row))
  expect(decodeRow(columns, JSON.parse(kept) as unknown[])).toEqual(row)
})
