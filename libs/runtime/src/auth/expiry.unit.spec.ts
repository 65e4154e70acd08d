import { atExpiry, isExpired } from './expiry.js'

const YEAR_MS = 365 * 86_400_000
beforeEach(() => jest.useFakeTimers({ now: 0 }))
afterEach(() => jest.useRealTimers())

test.each([1, 5_000, YEAR_MS])('what lives for %d ms is told when that is over, once', (expiresAt_ms) => {
  const told = jest.fn()
  atExpiry({ expiresAt_ms }, told)
  jest.advanceTimersByTime(expiresAt_ms - 1)
  expect([told.mock.calls.length, isExpired({ expiresAt_ms })]).toEqual([0, false])
  jest.advanceTimersByTime(1)
  expect([told.mock.calls.length, isExpired({ expiresAt_ms })]).toEqual([1, true])
  expect(jest.getTimerCount()).toBe(0)
})

test('what is over already is told at once, and what was called off never', () => {
  const told = jest.fn()
  atExpiry({ expiresAt_ms: 0 }, told)
  expect(told).toHaveBeenCalledTimes(1)
  atExpiry({ expiresAt_ms: 5_000 }, told)()
  expect(jest.getTimerCount()).toBe(0)
})
