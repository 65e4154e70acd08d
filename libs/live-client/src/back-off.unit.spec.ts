import { backOff_ms, moveAfter_ms } from './back-off.js'

test('the wait doubles up to its bound, and is a fifth of itself at least', () => {
  expect([0, 1, 2, 3, 4, 5, 1_000].map((attempt) => backOff_ms(attempt, 1))).toEqual([
    250, 500, 1_000, 2_000, 4_000, 5_000, 5_000,
  ])
  expect(backOff_ms(3, 0)).toBe(400)
})

test('a planned stop is believed, and a little is added so that not all come at once', () => {
  const closing = { reconnectInMs: 700, reason: 'stopping' }
  expect([0, 1].map((random) => moveAfter_ms(closing, true, random))).toEqual([700, 950])
})

test('a token that expires is a reason to go early, if there is another', () => {
  const closing = { reconnectInMs: 5_000, reason: 'token-expires' }
  expect([0, 1].map((random) => moveAfter_ms(closing, true, random))).toEqual([500, 2_500])
  expect(moveAfter_ms(closing, false, 0)).toBe(5_000)
})

test.each([undefined, null, {}, { reconnectInMs: 'soon' }, { reconnectInMs: -1 }, { reconnectInMs: NaN }])(
  'what is no time is no time to wait: %p',
  (message) => expect(moveAfter_ms(message, true, 0)).toBe(0),
)

test('nobody is sent away for longer than a minute', () => {
  expect(moveAfter_ms({ reconnectInMs: 1e9 }, true, 0)).toBe(60_000)
})
