import { FreshestHistory, isLagging } from './lag.js'

const bounds = { positions_max: 100, ms_max: 1_000 }

function history(...seen: readonly (readonly [position: bigint, at_ms: number])[]): FreshestHistory {
  const all = new FreshestHistory()
  for (const [position, at_ms] of seen) all.add(position, at_ms)
  return all
}

test('a position has been stale since the freshest was first seen beyond it', () => {
  const all = history([10n, 0], [20n, 1_000], [30n, 2_000])
  expect(all.position).toBe(30n)
  expect(all.staleFor_ms(30n, 9_000)).toBe(0)
  expect(all.staleFor_ms(25n, 9_000)).toBe(7_000)
  expect(all.staleFor_ms(10n, 9_000)).toBe(8_000)
  expect(all.staleFor_ms(5n, 9_000)).toBe(9_000)
})

test('a replica that is seen behind is no freshest', () => {
  expect(history([10n, 0], [7n, 500]).position).toBe(10n)
})

test('one that follows closely never lags, however long the writing goes on', () => {
  const all = new FreshestHistory()
  for (let at_ms = 0; at_ms < 600_000; at_ms += 10) all.add(BigInt(at_ms), at_ms)
  expect(isLagging(all, 600_000n - 300n, 600_000, bounds)).toBe(false)
  expect(isLagging(all, 600_000n - 3_000n, 600_000, bounds)).toBe(true)
})

test('far behind lags after a while, a little behind only after ten times as long', () => {
  const all = history([1_000n, 0], [2_000n, 10_000])
  expect(isLagging(all, 1_000n, 11_000, bounds)).toBe(false)
  expect(isLagging(all, 1_000n, 11_001, bounds)).toBe(true)
  expect(isLagging(all, 1_950n, 20_000, bounds)).toBe(false)
  expect(isLagging(all, 1_950n, 20_001, bounds)).toBe(true)
  expect(isLagging(all, 2_000n, 99_999, bounds)).toBe(false)
})

test('what is older than the history counts from its beginning', () => {
  const all = new FreshestHistory()
  for (let step = 1; step <= 1_000; step += 1) all.add(BigInt(step), step * 1_000)
  expect(all.staleFor_ms(1n, 1_000_000)).toBe(255_000)
})
