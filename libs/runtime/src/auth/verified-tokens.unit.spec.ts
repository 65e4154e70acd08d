import { type Principal } from './principal.js'
import { VerifiedTokens } from './verified-tokens.js'

const NOW = 1_700_000_000_000
const principal = (subject: string, expiresAt_ms = NOW + 3_600_000): Principal => ({
  subject,
  scopes: new Set(),
  expiresAt_ms,
  idsOf: () => undefined,
  isRestricted: false,
})

let tokens: VerifiedTokens
beforeEach(() => {
  jest.useFakeTimers({ now: NOW })
  tokens = new VerifiedTokens()
})
afterEach(() => jest.useRealTimers())

test('a token that was verified is known by its exact text', () => {
  const anna = principal('anna')
  tokens.add('a.b.c', anna)
  expect(tokens.get('a.b.c')).toBe(anna)
  expect(tokens.get('a.b.C')).toBeUndefined()
})

test('is worth nothing from the moment of its expiry on', () => {
  tokens.add('a.b.c', principal('anna', NOW + 5_000))
  jest.setSystemTime(NOW + 4_999)
  expect(tokens.get('a.b.c')).toBeDefined()
  jest.setSystemTime(NOW + 5_000)
  expect(tokens.get('a.b.c')).toBeUndefined()
})

test('is verified again after a minute, however long it is valid', () => {
  tokens.add('a.b.c', principal('anna'))
  jest.setSystemTime(NOW + 59_999)
  expect(tokens.get('a.b.c')).toBeDefined()
  jest.setSystemTime(NOW + 60_000)
  expect(tokens.get('a.b.c')).toBeUndefined()
})

test('a thousand are kept, the newest ones, and none that is very long', () => {
  for (let at = 0; at < 1_500; at += 1) tokens.add(`token-${at}`, principal(`${at}`))
  expect(tokens.get('token-499')).toBeUndefined()
  expect(tokens.get('token-500')?.subject).toBe('500')
  expect(tokens.get('token-1499')?.subject).toBe('1499')
  tokens.add('x'.repeat(4_097), principal('long'))
  expect(tokens.get('x'.repeat(4_097))).toBeUndefined()
})
