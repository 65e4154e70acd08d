import fc from 'fast-check'
import { add, compare, formatDecimal, given, parseDecimal, type Rejection, subtract, ZERO } from '#domain-kit'
import { accountOpened, bookOpened, entry, holdPlaced, posted, posting } from '../fixtures/book-events.js'
import { book, type BookState } from './book.js'
import { type Posting } from './events.js'
import { checkPostings, type POSTING_REJECTIONS } from './rules.js'

type Code = keyof typeof POSTING_REJECTIONS

const checked = (state: BookState, postings: readonly Posting[], freed: readonly Posting[] = []) =>
  checkPostings(state, postings, {
    target: 'main',
    reject: (code, detail, errors = []): Rejection<Code> => ({ kind: 'rejection', code, detail, errors }),
    freed,
    skipBalancing: true,
  })

/** The messages of the rule, computed the long way: all postings for each account and each of its lowest balances. */
function computed({ accounts }: BookState, postings: readonly Posting[], freed: readonly Posting[]): string[] {
  const sumOf = (all: readonly Posting[], account: string, commodity: string) =>
    all
      .filter((each) => each.account === account && each.commodity === commodity)
      .reduce((sum, { amount }) => add(sum, parseDecimal(amount)), ZERO)
  const messages: string[] = []
  for (const name of new Set(postings.map(({ account }) => account))) {
    const { lowestBalance = [], balances, held } = accounts.get(name) ?? {}
    for (const { commodity, amount } of lowestBalance) {
      const net = sumOf(postings, name, commodity)
      if (net.units >= 0n) continue
      const taken = freed.filter((each) => each.amount.startsWith('-'))
      const reserved = subtract(parseDecimal(held?.get(commodity) ?? '0'), sumOf(taken, name, commodity))
      const after = add(add(parseDecimal(balances?.get(commodity) ?? '0'), reserved), net)
      if (compare(after, parseDecimal(amount)) >= 0) continue
      const at = postings.findIndex((each) => each.account === name && each.commodity === commodity)
      const how = reserved.units === 0n ? '' : ` with ${formatDecimal(reserved)} held`
      const missing = formatDecimal(subtract(parseDecimal(amount), after))
      messages.push(
        `postings.${at}.amount account "${name}" would come to ${formatDecimal(after)} ${commodity}${how}, ${missing} below its lowest balance of ${amount}`,
      )
    }
  }
  return messages
}

const ACCOUNTS = ['cash', 'bank', 'shop']
const COMMODITIES = ['EUR', 'USD', '']
const amounts = fc
  .tuple(fc.integer({ min: -500, max: 500 }), fc.boolean())
  .map(([cents, isWhole]) => (isWhole ? `${Math.trunc(cents / 100)}` : (cents / 100).toFixed(2)))
const postings = fc.array(
  fc.record({ account: fc.constantFrom(...ACCOUNTS), amount: amounts, commodity: fc.constantFrom(...COMMODITIES) }),
  { maxLength: 12 },
)
const lowest = fc.uniqueArray(fc.record({ commodity: fc.constantFrom(...COMMODITIES), amount: amounts }), {
  selector: ({ commodity }) => commodity,
})

test('the lowest balance is what it is when all postings are summed up for each account and commodity', () => {
  let refused = 0
  fc.assert(
    fc.property(fc.tuple(lowest, lowest), postings, postings, postings, ([cash, bank], before, hold, sent) => {
      const { state } = given(
        book,
        bookOpened,
        accountOpened('cash', ...cash),
        accountOpened('bank', ...bank),
        accountOpened('shop'),
        posted(entry('before', ...before)),
        holdPlaced(entry('hold', ...hold)),
      )
      for (const [all, freed] of [
        [sent, []],
        [hold, hold],
      ] as const) {
        const told = (checked(state, all, freed)?.errors ?? []).map(({ field, message }) => `${field} ${message}`)
        expect(told).toEqual(computed(state, all, freed))
        refused += told.length
      }
    }),
    { seed: 23 },
  )
  expect(refused).toBeGreaterThan(100)
})

test('of a thousand postings each is looked at a few times, however many lowest balances their accounts have', () => {
  const limits = Array.from({ length: 64 }, (_, at) => ({ commodity: `C${at}`, amount: '0' }))
  const names = Array.from({ length: 1_000 }, (_, at) => `account ${at}`)
  const { state } = given(book, bookOpened, ...names.map((name) => accountOpened(name, ...limits)))
  let reads = 0
  const read = (of: Posting, key: string | symbol): unknown => {
    reads += 1
    return Reflect.get(of, key)
  }
  const watched = (amount: string) => names.map((name) => new Proxy(posting(name, amount, 'C63'), { get: read }))
  expect(checked(state, watched('-2'), watched('-1'))?.errors).toHaveLength(1_000)
  expect(reads).toBeLessThan(20 * 1_000)
})
