import fc from 'fast-check'
import { weightOf } from './weight.js'

test('weighs at least what the texts have, and not much more than the JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const length = JSON.stringify(value).length
      const texts = [...JSON.stringify(value).matchAll(/"(?:[^"\\]|\\.)*"/g)].map(
        ([text]) => JSON.parse(text) as string,
      )
      const weight = weightOf(value)
      expect(weight).toBeGreaterThanOrEqual(texts.join('').length)
      expect(weight).toBeLessThanOrEqual(length * 8)
    }),
  )
})

test('bytes weigh what they are, nothing weighs nothing, and depth is no matter', () => {
  expect(weightOf(new Uint8Array(1_000))).toBe(1_008)
  expect(weightOf()).toBe(0)
  let deep: unknown = 'x'
  for (let depth = 0; depth < 200_000; depth += 1) deep = [deep]
  expect(weightOf(deep)).toBeGreaterThan(200_000)
})
