/** An exact decimal: `units` × 10^-`places`. `places` is at least 0 and is kept as written: 1.50 is not 1.5. */
export interface Decimal {
  readonly units: bigint
  readonly places: number
}

/** Largest shift, either way, that a number of a journal may ask for; hledger itself stops at 255 places. */
const SHIFT_MAX = 4_096
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/

/**
 * Reads an integer as JSON may spell it: `394`, `-0`, `3.94e20`. No float is involved at any point.
 *
 * @throws RangeError when the text is no number, not an integer, or beyond 10^4,096.
 */
export function readInteger(text: string): bigint {
  const [, sign, whole, fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  if (whole === undefined) throw new RangeError(`${text.slice(0, 40)} is not a number`)
  const shift = Number(exponent) - fraction.length
  if (Math.abs(shift) > SHIFT_MAX) throw new RangeError(`${text.slice(0, 40)} has an exponent beyond ${SHIFT_MAX}`)
  const digits = BigInt(whole + fraction)
  const scale = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % scale !== 0n) throw new RangeError(`${text.slice(0, 40)} is not an integer`)
  const size = shift < 0 ? digits / scale : digits * scale
  return sign === '-' ? -size : size
}

/**
 * The decimal mantissa × 10^-places, both as JSON spells them. Negative places become zeros before the point.
 *
 * @throws RangeError when one is not an integer, or the places are beyond ±4,096.
 */
export function readDecimal(mantissa: string, places: string): Decimal {
  const units = readInteger(mantissa)
  const shift = readInteger(places)
  if (shift > SHIFT_MAX || shift < -SHIFT_MAX) throw new RangeError(`${shift} decimal places are beyond ${SHIFT_MAX}`)
  return shift < 0 ? { units: units * 10n ** -shift, places: 0 } : { units, places: Number(shift) }
}

/** The decimal as the wire wants it: `-12.50`, with exactly `places` decimals, and never `-0`. */
export function decimalText({ units, places }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  const sign = units < 0n ? '-' : ''
  if (places === 0) return sign + digits
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** The exact sum, with the decimals of the longer one. */
export function add(left: Decimal, right: Decimal): Decimal {
  const places = Math.max(left.places, right.places)
  const at = (value: Decimal): bigint => value.units * 10n ** BigInt(places - value.places)
  return { units: at(left) + at(right), places }
}

/** The exact product. */
export function multiply(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, places: left.places + right.places }
}

/** The same decimal turned round. */
export function negate({ units, places }: Decimal): Decimal {
  return { units: -units, places }
}

/** The size without the sign. */
export function absolute(value: Decimal): Decimal {
  return value.units < 0n ? negate(value) : value
}

/** Whether `left` is smaller than `right`. */
export function isLess(left: Decimal, right: Decimal): boolean {
  return add(left, negate(right)).units < 0n
}
