import { SeenKeys } from './seen-keys.js'

const key = (at: number): string => `["book-${at % 100}","transaction-${at}"]`

test('never denies what was added, and seldom suspects what was not, however much it grows', () => {
  const seen = new SeenKeys()
  expect(seen.has(key(0))).toBe(false)
  const added = 400_000
  for (let at = 0; at < added; at += 1) seen.add(key(at))
  for (let at = 0; at < added; at += 1) if (!seen.has(key(at))) throw new Error(`${key(at)} was added`)
  let suspected = 0
  for (let at = added; at < 2 * added; at += 1) if (seen.has(key(at))) suspected += 1
  expect(suspected).toBeLessThan(added / 300)
  expect(seen.isFull).toBe(false)
})

test('says when it is full', () => {
  const seen = new SeenKeys(1_024)
  let count = 0
  while (!seen.isFull && count < 1_000_000) {
    seen.add(String(count))
    count += 1
  }
  expect(count).toBe(1_024 * (1 + 4 + 16 + 64))
  seen.add('one more')
  expect([seen.isFull, seen.has('one more')]).toEqual([true, true])
})
