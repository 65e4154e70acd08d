/** An exact decimal: `units × 10^-scale`. Amounts are strings on the wire and in events; this is how they are computed. */
export interface Decimal {
  readonly units: bigint
  /** Digits after the point, ≥ 0. `1.50` has 2 and keeps them through addition. */
  readonly scale: number
}

export const ZERO: Decimal = { units: 0n, scale: 0 }

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/** Is this an optional `-`, digits, and an optional `.` with digits: no exponent, no sign `+`, no bare point? */
export function isDecimal(value: string): boolean {
  return DECIMAL.test(value)
}

/** @throws RangeError when {@link isDecimal} says no. Callers bound the length first. */
export function parseDecimal(value: string): Decimal {
  const short = shortDecimal(value)
  if (short) return short
  const match = DECIMAL.exec(value)
  if (!match) throw new RangeError(`"${value.slice(0, 80)}" is not a decimal such as -12.50`)
  const [, sign, whole, fraction = ''] = match as unknown as [string, string, string, string | undefined]
  const units = BigInt(whole + fraction)
  return { units: sign === '-' ? -units : units, scale: fraction.length }
}

/** Digits that a double holds exactly. */
const SHORT_DIGITS_MAX = 15

/** The scale of what {@link shortUnits} read last. */
let shortScale = 0

/**
 * The units of a decimal of so few digits that a double can count them: what nearly all amounts are. NaN for anything else. The scale is
 * left in `shortScale`: sums are computed for every line of every statement, and an object for each of their parts is most of the work.
 */
function shortUnits(value: string): number {
  const first = value.startsWith('-') ? 1 : 0
  if (value.length > first + SHORT_DIGITS_MAX) return NaN
  let units = 0
  let point = -1
  for (let at = first; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30
    if (digit >= 0 && digit <= 9) units = units * 10 + digit
    else if (digit === -2 && point < 0 && at > first) point = at
    else return NaN
  }
  const last = value.length - 1
  if (last < first || point === last) return NaN
  shortScale = point < 0 ? 0 : last - point
  return first === 1 ? -units : units
}

/** As a decimal, or undefined. */
function shortDecimal(value: string): Decimal | undefined {
  const units = shortUnits(value)
  return Number.isNaN(units) ? undefined : { units: BigInt(units), scale: shortScale }
}

function withPoint(isNegative: boolean, digits: string, scale: number): string {
  const padded = digits.padStart(scale + 1, '0')
  const text = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
  return isNegative ? `-${text}` : text
}

/** The shortest exact text that keeps the scale: `{ -1250n, 2 }` → `-12.50`; never `-0`. */
export function formatDecimal({ units, scale }: Decimal): string {
  return withPoint(units < 0n, (units < 0n ? -units : units).toString(), scale)
}

/** The same value with more digits. */
function rescaled({ units, scale }: Decimal, to: number): bigint {
  return to === scale ? units : units * 10n ** BigInt(to - scale)
}

/** Keeps the larger of both scales. */
export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { units: rescaled(a, scale) + rescaled(b, scale), scale }
}

export function negate({ units, scale }: Decimal): Decimal {
  return { units: -units, scale }
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, negate(b))
}

/** Scales add up. */
export function multiply(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale }
}

export function absolute({ units, scale }: Decimal): Decimal {
  return { units: units < 0n ? -units : units, scale }
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const { units } = subtract(a, b)
  return units < 0n ? -1 : units > 0n ? 1 : 0
}

export function isZero({ units }: Decimal): boolean {
  return units === 0n
}

/** Sum of two amounts as text. */
export function addText(a: string, b: string): string {
  const [first, scale] = [shortUnits(a), shortScale]
  const sum = first + shortUnits(b)
  // Two of 15 digits sum up to what a double still holds exactly.
  if (Number.isNaN(sum) || scale !== shortScale) return formatDecimal(add(parseDecimal(a), parseDecimal(b)))
  return withPoint(sum < 0, Math.abs(sum).toString(), scale)
}

/** The opposite amount as text; digits are kept as written, zero takes no sign. */
export function inverseText(amount: string): string {
  return formatDecimal(negate(parseDecimal(amount)))
}
