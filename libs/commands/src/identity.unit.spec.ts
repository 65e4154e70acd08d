import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { canonicalJson, requestHash, requestText } from './identity.js'

/** As it was written down first: what is in the log was hashed with it. */
const plainCanonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : each,
  )

const key = fc.oneof(fc.constantFrom('__proto__', 'constructor', '0', '10', '9', '', '\ud800', 'a', 'b'), fc.string())
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 1.5, '', '\ud800', 'text'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}))

test('canonical JSON is what the hashes in the log were made of', () => {
  fc.assert(fc.property(json, (value) => canonicalJson(value) === plainCanonical(value)))
  for (const value of [{ 10: 1, 9: 2, a: { __proto: 1, z: 1, b: [{ d: 1, c: 2 }] } }, [], {}, [[{ b: 1, a: 2 }]]])
    expect(canonicalJson(value)).toBe(plainCanonical(value))
})

test('canonical JSON does not change what it is given', () => {
  const value = { b: [{ d: 1, c: 2 }], a: 1 }
  canonicalJson(value)
  expect(JSON.stringify(value)).toBe('{"b":[{"d":1,"c":2}],"a":1}')
})

test('a request hash is the SHA-256 of command, target and body', () => {
  const plain = plainCanonical({ command: 'ledger.post', target: 'main', body: { b: 1, a: '\ud800' } })
  const expected = createHash('sha256').update(plain).digest('hex')
  expect(requestHash(requestText('ledger.post', 'main', { a: '\ud800', b: 1 }))).toBe(expected)
})
