import { type Decimal, readDecimal } from './decimal-text.js'
import {
  type JournalAmount,
  type JournalCost,
  type JournalPosting,
  type JournalTransaction,
} from './journal-transaction.js'
import { digits, field, type Found, isPresent, items, ShapeError, text } from './read-shape.js'

/**
 * Reads one transaction of `hledger print -O json`, parsed without loss. hledger's JSON follows its internal types,
 * so names changed over the years; every version since 1.10 is understood: `aprice`/`acost`, `UnitPrice`/`UnitCost`,
 * `ptype`/`preal`, source positions as one tagged object or as a pair.
 *
 * @throws ShapeError naming the path of the first value that is not what hledger writes.
 */
export function readTransaction(value: unknown): JournalTransaction {
  const transaction: Found = { path: '', value }
  return {
    date: text(field(transaction, 'tdate')),
    description: text(field(transaction, 'tdescription')),
    code: text(field(transaction, 'tcode')),
    comment: text(field(transaction, 'tcomment')),
    tags: items(field(transaction, 'ttags')).map(readTag),
    postings: items(field(transaction, 'tpostings')).map(readPosting),
    source: readSource(field(transaction, 'tsourcepos').value),
  }
}

function readTag(tag: Found): readonly [string, string] {
  const [name, value, ...more] = items(tag)
  if (name === undefined || value === undefined || more.length > 0) {
    throw new ShapeError(tag.path, 'a pair of name and value', tag.value)
  }
  return [text(name), text(value)]
}

function readPosting(posting: Found): JournalPosting {
  return {
    account: text(field(posting, 'paccount')),
    kind: readKind(posting),
    amounts: items(field(posting, 'pamount')).map(readAmount),
  }
}

function readKind(posting: Found): JournalPosting['kind'] {
  const newer = field(posting, 'preal')
  const kind = isPresent(newer) ? newer : field(posting, 'ptype')
  switch (text(kind)) {
    case 'RegularPosting':
    case 'RealPosting':
      return 'real'
    case 'VirtualPosting':
      return 'virtual'
    case 'BalancedVirtualPosting':
      return 'balanced-virtual'
    default:
      throw new ShapeError(kind.path, 'a kind of posting', kind.value)
  }
}

function readAmount(amount: Found): JournalAmount {
  const plain = {
    quantity: readQuantity(field(amount, 'aquantity')),
    commodity: text(field(amount, 'acommodity')),
  }
  const newer = field(amount, 'acost')
  const cost = isPresent(newer) ? newer : field(amount, 'aprice')
  return isPresent(cost) ? { ...plain, cost: readCost(cost) } : plain
}

function readCost(cost: Found): JournalCost {
  const contents = field(cost, 'contents')
  return {
    kind: readCostKind(field(cost, 'tag')),
    amount: readQuantity(field(contents, 'aquantity')),
    commodity: text(field(contents, 'acommodity')),
  }
}

function readCostKind(tag: Found): JournalCost['kind'] {
  switch (text(tag)) {
    case 'UnitPrice':
    case 'UnitCost':
      return 'unit'
    case 'TotalPrice':
    case 'TotalCost':
      return 'total'
    default:
      throw new ShapeError(tag.path, 'UnitCost, TotalCost, UnitPrice or TotalPrice', tag.value)
  }
}

function readQuantity(quantity: Found): Decimal {
  const mantissa = field(quantity, 'decimalMantissa')
  const places = field(quantity, 'decimalPlaces')
  try {
    return readDecimal(digits(mantissa), digits(places))
  } catch (error) {
    if (error instanceof RangeError) throw new ShapeError(quantity.path, `a decimal (${error.message})`, quantity.value)
    throw error
  }
}

/** A position only helps to find a transaction again, so one of an unknown shape is left out rather than refused. */
function readSource(position: unknown): string | undefined {
  const [first] = Array.isArray(position) ? (position as unknown[]) : [position]
  if (typeof first !== 'object' || first === null) return undefined
  const { sourceName, sourceLine, contents } = first as Readonly<
    Record<'sourceName' | 'sourceLine' | 'contents', unknown>
  >
  if (typeof sourceName === 'string') return `${sourceName}:${String(sourceLine)}`
  if (!Array.isArray(contents) || typeof contents[0] !== 'string') return undefined
  const line: unknown = Array.isArray(contents[1]) ? contents[1][0] : contents[1]
  return `${contents[0]}:${String(line)}`
}
