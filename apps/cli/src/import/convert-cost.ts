import { absolute, add, type Decimal, decimalText, isLess, multiply, negate } from './decimal-text.js'
import { type JournalAmount, type JournalCost, type JournalTransaction } from './journal-transaction.js'

/** A cost on the wire: never negative; a total one takes the sign of its posting, 0 counting as +. */
export interface WireCost {
  readonly kind: 'unit' | 'total'
  readonly amount: string
  readonly commodity: string
}

/** A quantity with its cost, ready for a posting. */
export interface Priced {
  readonly quantity: Decimal
  readonly cost?: WireCost
}

const ZERO: Decimal = { units: 0n, places: 0 }

/**
 * An amount as one posting or, for a negative cost, as two that say the same.
 *
 * hledger lets a cost flip the sign: `10 AAPL @ -3 EUR` is worth -30 EUR. No cost on the wire is below zero, but
 * `20 AAPL @ 0 EUR` and `-10 AAPL @ 3 EUR` on the same account move the same 10 AAPL and are worth the same -30 EUR.
 *
 * @param totalsFlip what `totalsFlip` said of the amount's transaction.
 */
export function priced({ quantity, cost }: JournalAmount, totalsFlip: boolean): readonly Priced[] {
  if (cost === undefined) return [{ quantity }]
  const size = { kind: cost.kind, amount: decimalText(absolute(cost.amount)), commodity: cost.commodity }
  if (!flips(quantity, cost, totalsFlip)) return [{ quantity, cost: size }]
  // A worthless move of zero needs some quantity to carry the sign; one unit there and back will do.
  const there = quantity.units === 0n ? { units: 1n, places: quantity.places } : quantity
  const back = negate(there)
  const free = { ...size, amount: decimalText({ units: 0n, places: cost.amount.places }) }
  return [
    { quantity: add(quantity, there), cost: free },
    { quantity: back, cost: size },
  ]
}

/**
 * Whether a total cost whose sign differs from its quantity's is meant to flip the value. hledger since 1.21 writes
 * the value's own sign into a total cost, so there it is; older ones always wrote it positive and meant the
 * quantity's sign. The file does not say which wrote it, but only one of the two readings balances.
 */
export function totalsFlip(transaction: JournalTransaction): boolean {
  const amounts = transaction.postings.flatMap((posting) => posting.amounts)
  if (!amounts.some(({ quantity, cost }) => cost !== undefined && differs(quantity, cost))) return false
  return isLess(imbalance(amounts, true), imbalance(amounts, false))
}

function flips(quantity: Decimal, cost: JournalCost, totalsFlip: boolean): boolean {
  if (cost.kind === 'unit') return cost.amount.units < 0n && quantity.units !== 0n
  return totalsFlip && differs(quantity, cost)
}

function differs(quantity: Decimal, { kind, amount }: JournalCost): boolean {
  return kind === 'total' && amount.units !== 0n && quantity.units < 0n !== amount.units < 0n
}

/** The sum, over commodities, of how far each is from zero with costs converted. */
function imbalance(amounts: readonly JournalAmount[], signed: boolean): Decimal {
  const sums = new Map<string, Decimal>()
  for (const amount of amounts) {
    const commodity = amount.cost?.commodity ?? amount.commodity
    sums.set(commodity, add(sums.get(commodity) ?? ZERO, value(amount, signed)))
  }
  return [...sums.values()].reduce((total, sum) => add(total, absolute(sum)), ZERO)
}

function value({ quantity, cost }: JournalAmount, signed: boolean): Decimal {
  if (cost === undefined) return quantity
  if (cost.kind === 'unit') return multiply(quantity, cost.amount)
  if (signed) return cost.amount
  const size = absolute(cost.amount)
  return quantity.units < 0n ? negate(size) : size
}
