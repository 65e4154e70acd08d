import {
  add,
  compare,
  type Decimal,
  type FieldError,
  formatDecimal,
  parseDecimal,
  type Rejection,
  subtract,
  ZERO,
} from '#domain-kit'
import { type Account, type BookState } from './book.js'
import { type Posting } from './events.js'
import { imbalances } from './balancing.js'

export const POSTING_REJECTIONS = {
  'book-not-found': 404,
  unbalanced: 422,
  'account-not-open': 422,
  'account-closed': 422,
  'too-many-commodities': 422,
  'below-lowest-balance': 422,
} as const

/** Commodities of one account: its balances stand in one row, which every transaction that touches it writes anew. */
export const COMMODITIES_MAX = 1_000

type Code = keyof typeof POSTING_REJECTIONS
type Reject = (code: Code, detail: string, errors?: readonly FieldError[]) => Rejection<Code>

export interface PostingCheck {
  readonly target: string
  readonly reject: Reject
  /** A hold's own reservation, which its capture may use. */
  readonly freed?: readonly Posting[]
  /** The negation of a balanced transaction balances; a zero amount with a total cost has no sign to show it. */
  readonly skipBalancing?: boolean
}

/** Every rule that postings must pass, in the order in which a person would check them; undefined when all hold. */
export function checkPostings(
  state: BookState,
  postings: readonly Posting[],
  check: PostingCheck,
): Rejection<Code> | undefined {
  if (!state.isOpen) return check.reject('book-not-found', `there is no book "${check.target}"; open it first`)
  const errors = check.skipBalancing ? [] : imbalances(postings)
  if (errors.length > 0) return check.reject('unbalanced', errors.map(({ message }) => message).join('; '), errors)
  return (
    checkAccounts(state, postings, check.reject) ??
    checkCommodities(state, postings, check.reject) ??
    checkLowest(state, postings, check)
  )
}

function checkAccounts(state: BookState, postings: readonly Posting[], reject: Reject): Rejection<Code> | undefined {
  const unknown: FieldError[] = []
  const closed: FieldError[] = []
  postings.forEach(({ account }, index) => {
    const known = state.accounts.get(account)
    if (known?.isOpen) return
    const field = `postings.${index}.account`
    if (!known) unknown.push({ field, rule: 'account-not-open', message: `account "${account}" was never opened` })
    else closed.push({ field, rule: 'account-closed', message: `account "${account}" is closed` })
  })
  if (unknown[0]) return reject('account-not-open', unknown[0].message, unknown)
  if (closed[0]) return reject('account-closed', closed[0].message, closed)
  return undefined
}

/**
 * A commodity counts from its first posting on, or from the first hold that reserves it, for ever. One that the account has is never refused,
 * so that what was posted can be reversed.
 */
function checkCommodities(
  { accounts }: BookState,
  postings: readonly Posting[],
  reject: Reject,
): Rejection<Code> | undefined {
  const errors: FieldError[] = []
  const added = new Map<string, { readonly room: number; readonly commodities: Set<string> }>()
  postings.forEach(({ account: name, commodity }, index) => {
    const account = accounts.get(name)
    if (!account || account.balances.has(commodity) || account.held.has(commodity)) return
    const ofAccount = added.get(name) ?? { room: COMMODITIES_MAX - commodityCount(account), commodities: new Set() }
    added.set(name, ofAccount)
    if (ofAccount.commodities.add(commodity).size <= ofAccount.room) return
    const message = `account "${name}" would come to more than ${COMMODITIES_MAX} commodities with "${commodity}"`
    errors.push({ field: `postings.${index}.commodity`, rule: 'too-many-commodities', message })
  })
  return errors[0] && reject('too-many-commodities', errors[0].message, errors)
}

function commodityCount({ balances, held }: Account): number {
  let count = balances.size
  for (const [commodity] of held) if (!balances.has(commodity)) count += 1
  return count
}

/** Only what takes out is held against the lowest balance: money coming in never breaks it. */
function checkLowest(state: BookState, postings: readonly Posting[], check: PostingCheck): Rejection<Code> | undefined {
  const errors: FieldError[] = []
  const isBound = ({ account }: Posting): boolean => (state.accounts.get(account)?.lowestBalance.length ?? 0) > 0
  const freed = netOf(check.freed ?? [], (each) => each.amount.startsWith('-') && isBound(each))
  for (const [name, nets] of netOf(postings, isBound)) {
    const account = state.accounts.get(name)
    for (const { commodity, amount: lowest } of account?.lowestBalance ?? []) {
      const net = nets.get(commodity)
      if (!net || net.total.units >= 0n) continue
      const balance = parseDecimal(account?.balances.get(commodity) ?? '0')
      const reserved = freed.get(name)?.get(commodity)?.total ?? ZERO
      const held = subtract(parseDecimal(account?.held.get(commodity) ?? '0'), reserved)
      const after = add(add(balance, held), net.total)
      const missing = subtract(parseDecimal(lowest), after)
      if (compare(missing, ZERO) <= 0) continue
      const withHeld = held.units === 0n ? '' : ` with ${formatDecimal(held)} held`
      const message =
        `account "${name}" would come to ${formatDecimal(after)} ${commodity}${withHeld}, ` +
        `${formatDecimal(missing)} below its lowest balance of ${lowest}`
      errors.push({ field: `postings.${net.first}.amount`, rule: 'below-lowest-balance', message })
    }
  }
  return errors[0] && check.reject('below-lowest-balance', errors[0].message, errors)
}

interface Net {
  readonly total: Decimal
  /** Index of the first posting of these. */
  readonly first: number
}

/** What those of the postings come to that count, by account and there by commodity: each is looked at once, a thousand times a thousand take seconds. */
function netOf(
  postings: readonly Posting[],
  counts: (posting: Posting) => boolean,
): ReadonlyMap<string, ReadonlyMap<string, Net>> {
  const nets = new Map<string, Map<string, Net>>()
  postings.forEach((posting, index) => {
    if (!counts(posting)) return
    const { account, commodity, amount } = posting
    const ofAccount = nets.get(account) ?? new Map<string, Net>()
    const { total, first } = ofAccount.get(commodity) ?? { total: ZERO, first: index }
    nets.set(account, ofAccount.set(commodity, { total: add(total, parseDecimal(amount)), first }))
  })
  return nets
}
