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
import { type Posting } from './events.js'

interface Sum {
  readonly total: Decimal
  /** Most decimal places with which the commodity itself is written; undefined when it stands in costs only. */
  readonly places: number | undefined
}

/** A posting's weight in the balance: its amount, or what it cost. A total cost takes the posting's sign (0 counts as +). */
function weight({ amount, commodity, cost }: Posting): { commodity: string; value: Decimal } {
  const value = parseDecimal(amount)
  if (!cost) return { commodity, value }
  const price = parseDecimal(cost.amount)
  if (cost.kind === 'unit') return { commodity: cost.commodity, value: multiply(value, price) }
  return { commodity: cost.commodity, value: value.units < 0n ? negate(price) : price }
}

function sumByCommodity(postings: readonly Posting[]): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  const at = (commodity: string): Sum => sums.get(commodity) ?? { total: ZERO, places: undefined }
  for (const posting of postings) {
    const written = at(posting.commodity)
    const { scale } = parseDecimal(posting.amount)
    sums.set(posting.commodity, { ...written, places: Math.max(written.places ?? 0, scale) })
    const { commodity, value } = weight(posting)
    const sum = at(commodity)
    sums.set(commodity, { ...sum, total: add(sum.total, value) })
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
