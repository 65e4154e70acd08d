import fc from 'fast-check'
import { decimalText, readDecimal, readInteger } from './decimal-text.js'

test.each([
  ['394000000000000000001', '0', '394000000000000000001'],
  ['3.94e20', '0', '394000000000000000000'],
  ['-3.94E+20', '2', '-3940000000000000000.00'],
  ['9007199254740993', '2', '90071992547409.93'],
  ['-5', '3', '-0.005'],
  ['-0', '2', '0.00'],
  ['12', '-2', '1200'],
  ['1500e-2', '0', '15'],
])('mantissa %s with %s places is %s', (mantissa, places, text) => {
  expect(decimalText(readDecimal(mantissa, places))).toBe(text)
})

test('every mantissa survives, however many digits it has', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 80n), max: 10n ** 80n }), fc.nat(40), (mantissa, places) => {
      const text = decimalText(readDecimal(mantissa.toString(), places.toString()))
      expect(BigInt(text.replace('.', ''))).toBe(mantissa)
      expect(text.split('.')[1]?.length ?? 0).toBe(places)
    }),
  )
})

test.each(['1.5', '1e-1', '1e5000', 'NaN', '', '+1', '0x10'])('%j is no integer', (text) =>
  expect(() => readInteger(text)).toThrow(RangeError),
)
