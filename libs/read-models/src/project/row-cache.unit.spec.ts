import fc from 'fast-check'
import { type StoredRow } from '../tables/row-codec.js'
import { RowCache } from './row-cache.js'

const row = (changed: number): StoredRow => ({
  row: {},
  created: { position: 1n, ordinal: 0 },
  changed: BigInt(changed),
})

test('a row that was made is known for two batches, and longer once it was asked for', () => {
  const cache = new RowCache(100)
  cache.trim(0)
  cache.add('once', row(1))
  cache.add('again', row(1))
  cache.trim(0)
  cache.set('again', row(2))
  expect([cache.get('once'), cache.get('again')]).toEqual([row(1), row(2)])
  for (let batch = 0; batch < 10; batch += 1) cache.trim(0)
  expect([cache.get('once'), cache.get('again')]).toEqual([undefined, row(2)])
})

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']

/** What a batch does to a key: there are rows that change, that come and that go. */
const batches = fc.array(
  fc.array(fc.record({ key: fc.constantFrom(...KEYS), op: fc.constantFrom('change', 'drop') }), { maxLength: 4 }),
  { maxLength: 40 },
)

test('what it knows is what was said last, and it knows all of the last two batches', () => {
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 8 }), (all, max) => {
      const cache = new RowCache(max)
      const truth = new Map<string, StoredRow | null>()
      let before: ReadonlySet<string> = new Set()
      for (const [at, batch] of all.entries()) {
        const touched = new Map(batch.map(({ key, op }) => [key, op]))
        cache.trim(touched.size + before.size)
        for (const [key, op] of touched) {
          const after = op === 'drop' ? null : row(at)
          if (truth.get(key) && after) cache.set(key, after)
          else cache.add(key, after)
          truth.set(key, after)
        }
        for (const key of KEYS) {
          const known = cache.get(key)
          if (known !== undefined || touched.has(key) || before.has(key)) expect(known).toEqual(truth.get(key))
        }
        before = new Set(touched.keys())
      }
    }),
  )
})
