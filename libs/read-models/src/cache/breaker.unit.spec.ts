import { Breaker } from './breaker.js'

let now_ms = 0
let breaker: Breaker
beforeEach(() => {
  now_ms = 1_000
  breaker = new Breaker(() => now_ms)
})

test('lets all through until something fails, and then nothing for a while', () => {
  expect([breaker.allows(), breaker.allows()]).toEqual([true, true])
  expect(breaker.failed(false)).toBe(true)
  expect(breaker.allows()).toBe(false)
  now_ms += 249
  expect(breaker.allows()).toBe(false)
})

test('then one try, and all only after that has succeeded', () => {
  breaker.failed(false)
  now_ms += 250
  expect([breaker.allows(), breaker.allows()]).toEqual([true, false])
  breaker.succeeded()
  expect([breaker.allows(), breaker.allows()]).toEqual([true, true])
})

test('tries that began before it opened do not make the pause longer; failed tries do, up to one second', () => {
  breaker.failed(false)
  expect(breaker.failed(false)).toBe(false)
  now_ms += 250
  expect(breaker.allows()).toBe(true)
  for (const pause_ms of [500, 1_000, 1_000]) {
    breaker.failed(true)
    now_ms += pause_ms - 1
    expect(breaker.allows()).toBe(false)
    now_ms += 1
    expect(breaker.allows()).toBe(true)
  }
})

test('a try that never comes back is followed by another', () => {
  breaker.failed(false)
  now_ms += 250
  expect(breaker.allows()).toBe(true)
  now_ms += 250
  expect(breaker.allows()).toBe(true)
})
