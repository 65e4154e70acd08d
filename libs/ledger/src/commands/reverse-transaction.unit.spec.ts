import fc from 'fast-check'
import { given, isRejection, recorded } from '#domain-kit'
import { book } from '../book/book.js'
import { imbalances } from '../book/balancing.js'
import { type BookEvent, type Entry, type Posting } from '../book/events.js'
import {
  accountClosed,
  accountOpened,
  bookOpened,
  bookWith,
  DAY,
  each,
  entry,
  holdPlaced,
  inAll,
  posted,
  posting,
  transfer,
} from '../fixtures/book-events.js'
import { reverseTransaction } from './reverse-transaction.js'

const lunch = transfer('t1', 'cash', 'food', '12.50')
const open = [...bookWith('cash', 'food'), posted(lunch)]
const undo = { transaction: 't1', id: 'r1', date: '2026-12-01' }
const of = (original: Entry) => ({ target: 'main', found: { original: recorded(posted(original)) } })

describe('a reversal', () => {
  test('posts the opposite and names what it undoes', () => {
    const back = { ...entry('r1', posting('cash', '12.50'), posting('food', '-12.50')), date: '2026-12-01' }
    given(book, ...open)
      .when(reverseTransaction, undo, of(lunch))
      .then({ type: 'TransactionPosted', data: { ...back, reverses: 't1' } })
  })

  test('takes over the description, and nothing else that was said', () => {
    const said = { ...lunch, description: 'Lunch', code: '17', comment: 'good', tags: { a: 'b' } }
    const { decision } = given(book, ...open).when(reverseTransaction, undo, of(said))
    expect(decision).toMatchObject([{ data: { description: 'Lunch' } }])
    expect(JSON.stringify(decision)).not.toMatch(/code|comment|tags/)
  })

  test('keeps costs, which follow the sign of their posting', () => {
    const shares = entry('t1', posting('cash', '-25', 'USD'), posting('food', '10', 'ACME', inAll('25')))
    const { decision } = given(book, ...open).when(reverseTransaction, undo, of(shares))
    expect(decision).toMatchObject([{ data: { postings: [{ amount: '25' }, { amount: '-10', cost: inAll('25') }] } }])
  })

  test('of a zero amount at a total cost is posted, although it has no sign to turn', () => {
    const odd = entry('t1', posting('food', '0', 'ACME', inAll('5')), posting('cash', '-5', 'USD'))
    expect(imbalances(odd.postings)).toEqual([])
    const { decision } = given(book, ...open).when(reverseTransaction, undo, of(odd))
    expect(decision).toMatchObject([{ data: { postings: [{ amount: '0' }, { amount: '5' }] } }])
  })

  test('of what was never posted is refused', () => {
    given(book, ...open)
      .when(reverseTransaction, undo, { target: 'main' })
      .thenRejected('transaction-not-found', { detail: 'book "main" has no transaction "t1"' })
    const hold = recorded<BookEvent>(holdPlaced(lunch))
    given(book, ...open)
      .when(reverseTransaction, undo, { found: { original: hold } })
      .thenRejected('transaction-not-found')
    given(book).when(reverseTransaction, undo, of(lunch)).thenRejected('book-not-found')
  })

  test('needs accounts that are open', () => {
    given(book, ...open, accountClosed('food'))
      .when(reverseTransaction, undo, of(lunch))
      .thenRejected('account-closed')
  })

  test('may not bring an account below its lowest balance', () => {
    const limited = [bookOpened, accountOpened('cash'), accountOpened('food', { commodity: 'EUR', amount: '0' })]
    const spent = posted(transfer('t2', 'food', 'cash', '0.01'))
    given(book, ...limited, posted(lunch), spent)
      .when(reverseTransaction, undo, of(lunch))
      .thenRejected('below-lowest-balance', { errors: [{ field: 'postings.1.amount' }] })
    given(book, ...limited, posted(lunch))
      .when(reverseTransaction, undo, of(lunch))
      .then(posted({ id: 'r1', date: '2026-12-01', postings: lunch.postings.map(opposite) }, { reverses: 't1' }))
  })
})

function opposite(of: Posting): Posting {
  return { ...of, amount: of.amount.startsWith('-') ? of.amount.slice(1) : `-${of.amount}` }
}

const amounts = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(20))
  .map(([units, places]) => (places === 0 ? `${units}` : `${units}.${'7'.repeat(places)}`))
const postings = fc.array(
  fc.record({
    account: fc.constantFrom('cash', 'food'),
    amount: amounts,
    commodity: fc.constantFrom('EUR', 'USD', ''),
  }),
  { minLength: 2, maxLength: 6 },
)

test('a transaction and its reversal together change no balance, whatever was posted', () => {
  fc.assert(
    fc.property(postings, (some) => {
      const original: Entry = { id: 't1', date: DAY, postings: some }
      const history = [...bookWith('cash', 'food'), posted(original)]
      const { decision } = given(book, ...history).when(reverseTransaction, undo, of(original))
      const events = [...history, ...(decision as readonly BookEvent[])]
      const state = events.reduce((before, { type, data }) => book.evolve[type](before, data as never), book.initial)
      for (const [, { balances }] of state.accounts)
        for (const [, balance] of balances) expect(balance).toMatch(/^0(\.0+)?$/)
    }),
  )
})

/** What a reversal posts. */
function undone(original: Entry): Entry {
  const { decision } = given(book, ...bookWith('cash', 'food')).when(reverseTransaction, undo, of(original))
  if (isRejection(decision) || decision[0]?.type !== 'TransactionPosted') throw new Error('nothing was posted')
  return decision[0].data
}

test('a reversal of a reversal is the transaction again', () => {
  fc.assert(
    fc.property(postings, (some) => {
      const zeroIsZero = some.map((it) => ({ ...it, amount: it.amount.replace(/^-(?=[0.]*$)/, '') }))
      expect(undone(undone({ id: 't1', date: DAY, postings: some })).postings).toEqual(zeroIsZero)
    }),
  )
})

test('unit costs of a reversal weigh the opposite', () => {
  const shares = entry('t1', posting('food', '3', 'ACME', each('3.333')), posting('cash', '-10.00', 'USD'))
  expect(imbalances(undone(shares).postings)).toEqual([])
})
