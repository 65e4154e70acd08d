import fc from 'fast-check'
import {
  absolute,
  add,
  addText,
  compare,
  type Decimal,
  formatDecimal,
  inverseText,
  isDecimal,
  isZero,
  multiply,
  negate,
  parseDecimal,
  subtract,
  ZERO,
} from './decimal.js'

const decimals: fc.Arbitrary<Decimal> = fc.record({
  units: fc.oneof(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.bigInt({ min: -20n, max: 20n })),
  scale: fc.nat(30),
})

/** The same number as an exact fraction, and what arithmetic on fractions says. */
type Fraction = readonly [numerator: bigint, denominator: bigint]
const fraction = ({ units, scale }: Decimal): Fraction => [units, 10n ** BigInt(scale)]
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d]
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]
const equal = ([a, b]: Fraction, [c, d]: Fraction): boolean => a * d === c * b
const less = ([a, b]: Fraction, [c, d]: Fraction): boolean => a * d < c * b

describe('a decimal is written as', () => {
  test.each(['0', '-0', '7', '-12.50', '007', '0.00', '-0.001', '9'.repeat(200), `0.${'0'.repeat(100)}1`])(
    '%s',
    (text) => {
      expect(isDecimal(text)).toBe(true)
      expect(() => parseDecimal(text)).not.toThrow()
    },
  )

  test.each([
    '',
    '-',
    '.',
    '.5',
    '5.',
    '+5',
    '--5',
    '1e5',
    'NaN',
    'Infinity',
    ' 5',
    '5 ',
    '5\n',
    '1,5',
    '0x1',
    '\u0665',
    '5n',
  ])('but not as %j', (text) => {
    expect(isDecimal(text)).toBe(false)
    expect(() => parseDecimal(text)).toThrow(RangeError)
  })

  test('and a refusal shows no more than the beginning of a long text', () => {
    expect(() => parseDecimal('x'.repeat(10_000))).toThrow(`"${'x'.repeat(80)}" is not a decimal such as -12.50`)
  })
})

describe('a decimal keeps', () => {
  test('the digits that it is written with', () => {
    expect(parseDecimal('-12.50')).toEqual({ units: -1250n, scale: 2 })
    for (const text of ['-12.50', '0.00', '100', '0.05', '-0.10']) expect(formatDecimal(parseDecimal(text))).toBe(text)
  })

  test('no needless zero in front, and no sign on nothing', () => {
    expect(formatDecimal(parseDecimal('007.10'))).toBe('7.10')
    expect(formatDecimal(parseDecimal('-0.00'))).toBe('0.00')
    expect(inverseText('0.00')).toBe('0.00')
    expect(inverseText('-0')).toBe('0')
  })

  test('its value and scale through text and back', () => {
    fc.assert(
      fc.property(decimals, (value) => {
        const text = formatDecimal(value)
        expect(isDecimal(text)).toBe(true)
        expect(parseDecimal(text)).toEqual(value)
      }),
    )
  })
})

describe('arithmetic is exact:', () => {
  test('sums, differences and products are those of fractions', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(equal(fraction(add(a, b)), plus(fraction(a), fraction(b)))).toBe(true)
        expect(equal(fraction(subtract(a, b)), plus(fraction(a), fraction(negate(b))))).toBe(true)
        expect(equal(fraction(multiply(a, b)), times(fraction(a), fraction(b)))).toBe(true)
      }),
    )
  })

  test('the order is that of fractions', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const expected = equal(fraction(a), fraction(b)) ? 0 : less(fraction(a), fraction(b)) ? -1 : 1
        expect(compare(a, b)).toBe(expected)
      }),
    )
  })

  test('equal numbers are equal at any scale', () => {
    fc.assert(
      fc.property(decimals, fc.nat(10), ({ units, scale }, more) => {
        expect(compare({ units, scale }, { units: units * 10n ** BigInt(more), scale: scale + more })).toBe(0)
      }),
    )
  })

  test('a sum has the places of the more exact, a product those of both', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(add(a, b).scale).toBe(Math.max(a.scale, b.scale))
        expect(multiply(a, b).scale).toBe(a.scale + b.scale)
      }),
    )
    expect(addText('1.50', '2')).toBe('3.50')
    expect(addText('0.1', '0.2')).toBe('0.3')
  })

  test('order and grouping of a sum do not matter', () => {
    fc.assert(
      fc.property(decimals, decimals, decimals, (a, b, c) => {
        expect(add(a, b)).toEqual(add(b, a))
        expect(add(add(a, b), c)).toEqual(add(a, add(b, c)))
        expect(add(a, ZERO)).toEqual(a)
      }),
    )
  })

  test('a number and its opposite are nothing, and have one size', () => {
    fc.assert(
      fc.property(decimals, (a) => {
        expect(isZero(add(a, negate(a)))).toBe(true)
        expect(absolute(negate(a))).toEqual(absolute(a))
        expect(compare(absolute(a), ZERO)).toBeGreaterThanOrEqual(0)
        expect(isZero(a)).toBe(compare(a, ZERO) === 0)
      }),
    )
  })

  test('on text as on numbers', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(addText(formatDecimal(a), formatDecimal(b))).toBe(formatDecimal(add(a, b)))
        expect(inverseText(formatDecimal(a))).toBe(formatDecimal(negate(a)))
      }),
    )
  })
})
