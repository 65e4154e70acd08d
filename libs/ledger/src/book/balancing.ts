import {
  absolute,
  add,
  compare,
  type Decimal,
  type FieldError,
  formatDecimal,
  isZero,
  multiply,
  negate,
  parseDecimal,
  ZERO,
} from '#domain-kit'
import { type Cost, type Posting } from './events.js'

interface Sum {
  total: Decimal
  /** Most decimal places with which the commodity itself is written; undefined when it stands in costs only. */
  places: number | undefined
}

/** What a posting cost. A total cost takes the posting's sign (0 counts as +). */
function costOf(value: Decimal, { kind, amount }: Cost): Decimal {
  const price = parseDecimal(amount)
  if (kind === 'unit') return multiply(value, price)
  return value.units < 0n ? negate(price) : price
}

/** Each posting weighs its amount, or what it cost. */
function sumByCommodity(postings: readonly Posting[]): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  const at = (commodity: string): Sum => {
    const known = sums.get(commodity)
    if (known) return known
    const sum: Sum = { total: ZERO, places: undefined }
    sums.set(commodity, sum)
    return sum
  }
  for (const { amount, commodity, cost } of postings) {
    const value = parseDecimal(amount)
    const written = at(commodity)
    written.places = Math.max(written.places ?? 0, value.scale)
    const weighed = cost ? at(cost.commodity) : written
    weighed.total = add(weighed.total, cost ? costOf(value, cost) : value)
  }
  return sums
}

/**
 * A transaction balances when, for every commodity, the absolute sum with costs converted is at most half a unit of the
 * last decimal place with which that commodity is itself written in it; a commodity written in costs only must sum to
 * exactly zero. Real journals round what they convert, and this is the tolerance they need.
 *
 * @returns one error per commodity that does not balance, saying by how much.
 */
export function imbalances(postings: readonly Posting[]): FieldError[] {
  const errors: FieldError[] = []
  for (const [commodity, { total, places }] of sumByCommodity(postings)) {
    const tolerance: Decimal = places === undefined ? ZERO : { units: 5n, scale: places + 1 }
    if (isZero(total) || compare(absolute(total), tolerance) <= 0) continue
    const allowed =
      places === undefined
        ? 'exactly zero is needed: it is written in costs only'
        : `at most ${formatDecimal(tolerance)} is tolerated`
    const of = commodity === '' ? 'amounts without a commodity' : JSON.stringify(commodity)
    errors.push({ field: 'postings', rule: 'balanced', message: `${of} sums to ${formatDecimal(total)}; ${allowed}` })
  }
  return errors
}
