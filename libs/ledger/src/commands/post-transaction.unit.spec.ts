import { given } from '#domain-kit'
import { book } from '../book/book.js'
import { type BookEvent } from '../book/events.js'
import {
  accountClosed,
  accountOpened,
  bookOpened,
  bookWith,
  each,
  entry,
  holdPlaced,
  holdReleased,
  posted,
  posting,
  transfer,
} from '../fixtures/book-events.js'
import { postTransaction } from './post-transaction.js'

const main = { target: 'main' }

describe('a transaction', () => {
  const open = bookWith('assets:cash', 'expenses:food')

  test('is posted as it was sent', () => {
    const said = { description: 'Lunch', code: '17', comment: 'two\nlines', tags: { trip: 'Oslo' } }
    const lunch = { ...transfer('t1', 'assets:cash', 'expenses:food', '12.50'), ...said }
    given(book, ...open)
      .when(postTransaction, lunch)
      .then({ type: 'TransactionPosted', data: lunch })
  })

  test('needs a book', () => {
    given(book)
      .when(postTransaction, transfer('t1', 'a', 'b', '1'), main)
      .thenRejected('book-not-found', { detail: 'there is no book "main"; open it first' })
  })

  test('that does not balance is refused, and each commodity is told', () => {
    const wrong = entry(
      't1',
      posting('assets:cash', '-12.50'),
      posting('expenses:food', '12'),
      posting('expenses:food', '1', 'USD'),
    )
    const messages = ['"EUR" sums to -0.50; at most 0.005 is tolerated', '"USD" sums to 1; at most 0.5 is tolerated']
    given(book, ...open)
      .when(postTransaction, wrong)
      .thenRejected('unbalanced', {
        detail: messages.join('; '),
        errors: messages.map((message) => ({ field: 'postings', rule: 'balanced', message })),
      })
  })

  test('on accounts that were never opened is refused, and each posting is told', () => {
    const wrong = entry('t1', posting('nowhere', '-2'), posting('expenses:food', '1'), posting('never', '1'))
    given(book, ...open)
      .when(postTransaction, wrong)
      .thenRejected('account-not-open', {
        errors: [
          { field: 'postings.0.account', rule: 'account-not-open', message: 'account "nowhere" was never opened' },
          { field: 'postings.2.account', rule: 'account-not-open', message: 'account "never" was never opened' },
        ],
      })
  })

  test('on closed accounts is refused, and each posting is told', () => {
    const wrong = transfer('t1', 'assets:cash', 'expenses:food', '1')
    given(book, ...open, accountClosed('expenses:food'))
      .when(postTransaction, wrong)
      .thenRejected('account-closed', {
        errors: [{ field: 'postings.1.account', rule: 'account-closed', message: 'account "expenses:food" is closed' }],
      })
  })

  test('on an account that was opened again is posted', () => {
    const lunch = transfer('t1', 'assets:cash', 'expenses:food', '1')
    given(book, ...open, accountClosed('assets:cash'), accountOpened('assets:cash'))
      .when(postTransaction, lunch)
      .then(posted(lunch))
  })

  test('is checked in the order of a person: balance, unknown accounts, closed ones, lowest balance', () => {
    const strict = [bookOpened, accountOpened('low', { commodity: 'EUR', amount: '0' }), accountOpened('shut')]
    const history = [...strict, accountClosed('shut')]
    const at = (last: string) => given(book, ...history).when(postTransaction, transfer('t1', 'low', last, '1'))
    given(book, ...history)
      .when(postTransaction, entry('t1', posting('low', '-2'), posting('never', '0')))
      .thenRejected('unbalanced')
    const unknown = entry('t1', posting('shut', '-1'), posting('never', '1'))
    given(book, ...history)
      .when(postTransaction, unknown)
      .thenRejected('account-not-open')
    at('never').thenRejected('account-not-open')
    at('shut').thenRejected('account-closed')
  })
})

describe('an account with a lowest balance', () => {
  const opened = (amount: string, ...more: readonly BookEvent[]): BookEvent[] => [
    bookOpened,
    accountOpened('cash', { commodity: 'EUR', amount }),
    accountOpened('other'),
    ...more,
  ]
  const take = (amount: string, ...history: readonly BookEvent[]) =>
    given(book, ...history).when(postTransaction, transfer('new', 'cash', 'other', amount))
  const income = posted(transfer('income', 'other', 'cash', '100.00'))

  test('may come down to it exactly', () => {
    take('100.00', ...opened('0', income)).then(posted(transfer('new', 'cash', 'other', '100.00')))
    take('150', ...opened('-50.00', income)).then(posted(transfer('new', 'cash', 'other', '150')))
  })

  test('may not come a cent below it, and is told where it would come to and how much is missing', () => {
    const message = 'account "cash" would come to -0.01 EUR, 0.01 below its lowest balance of 0'
    take('100.01', ...opened('0', income)).thenRejected('below-lowest-balance', {
      detail: message,
      errors: [{ field: 'postings.0.amount', rule: 'below-lowest-balance', message }],
    })
    take('150.01', ...opened('-50.00', income)).thenRejected('below-lowest-balance')
  })

  test('always takes what comes in, even what leaves it too low', () => {
    const deposit = transfer('new', 'other', 'cash', '10')
    given(book, ...opened('500'))
      .when(postTransaction, deposit)
      .then(posted(deposit))
  })

  test('counts all postings of a transaction together', () => {
    const both = entry('new', posting('cash', '-30'), posting('cash', '25'), posting('other', '5'))
    given(book, ...opened('-5'))
      .when(postTransaction, both)
      .then(posted(both))
    given(book, ...opened('-4'))
      .when(postTransaction, both)
      .thenRejected('below-lowest-balance')
  })

  test('holds for the commodity that it names, and no other', () => {
    const dollars = transfer('new', 'cash', 'other', '10', 'USD')
    given(book, ...opened('0'))
      .when(postTransaction, dollars)
      .then(posted(dollars))
  })

  test('counts amounts, never costs', () => {
    const bought = entry('new', posting('cash', '-10', 'ACME', each('5', 'EUR')), posting('other', '50', 'EUR'))
    given(book, ...opened('0'))
      .when(postTransaction, bought)
      .then(posted(bought))
  })

  test('says so for each account that would come below', () => {
    const history = [...opened('0'), accountOpened('till', { commodity: 'EUR', amount: '-1' })]
    const three = entry('new', posting('other', '5'), posting('cash', '-2'), posting('till', '-3'))
    given(book, ...history)
      .when(postTransaction, three)
      .thenRejected('below-lowest-balance', {
        errors: [{ field: 'postings.1.amount' }, { field: 'postings.2.amount' }],
      })
  })

  test('counts what open holds would take out, and says how much they hold', () => {
    const hold = holdPlaced(transfer('h1', 'cash', 'other', '60'))
    take('50', ...opened('0', income, hold)).thenRejected('below-lowest-balance', {
      detail: 'account "cash" would come to -10.00 EUR with -60 held, 10.00 below its lowest balance of 0',
    })
    take('40', ...opened('0', income, hold)).then(posted(transfer('new', 'cash', 'other', '40')))
    take('50', ...opened('0', income, hold, holdReleased('h1'))).then(posted(transfer('new', 'cash', 'other', '50')))
  })

  test('does not count what open holds would bring in', () => {
    const hold = holdPlaced(transfer('h1', 'other', 'cash', '60'))
    take('101', ...opened('0', income, hold)).thenRejected('below-lowest-balance')
  })

  test('keeps its balance, and may get another limit, when it is closed and opened again', () => {
    const again = accountOpened('cash', { commodity: 'EUR', amount: '90' })
    take('11', ...opened('0', income, accountClosed('cash'), again)).thenRejected('below-lowest-balance')
    take('101', ...opened('0', income, accountClosed('cash'), accountOpened('cash'))).then(
      posted(transfer('new', 'cash', 'other', '101')),
    )
  })
})

describe('an account with a thousand commodities', () => {
  const named = (at: number): string => `C${at}`
  const lots = (account: string, amount: string, count: number) =>
    Array.from({ length: count }, (_, at) => posting(account, amount, named(at)))
  const full = [
    ...bookWith('full', 'other', 'third'),
    posted(entry('t1', ...lots('full', '-1', 1_000), ...lots('other', '1', 999), posting('third', '1', named(999)))),
  ]

  test('takes none more, and each posting of one is told', () => {
    const message = 'account "full" would come to more than 1000 commodities with "new"'
    given(book, ...full)
      .when(postTransaction, entry('t2', ...transfer('', 'third', 'full', '1', 'new').postings))
      .thenRejected('too-many-commodities', {
        detail: message,
        errors: [{ field: 'postings.1.commodity', rule: 'too-many-commodities', message }],
      })
  })

  test('goes on with those that it has', () => {
    const more = transfer('t2', 'other', 'full', '1', named(7))
    given(book, ...full)
      .when(postTransaction, more)
      .then(posted(more))
  })

  test('is that of one book and one account: an account beside it takes its thousandth, and not the next', () => {
    const last = transfer('t2', 'third', 'other', '1', 'new')
    const posts = given(book, ...full)
    posts.when(postTransaction, last).then(posted(last))
    posts
      .when(postTransaction, entry('t2', ...last.postings, ...transfer('', 'third', 'other', '1', 'newer').postings))
      .thenRejected('too-many-commodities', { errors: [{ field: 'postings.3.commodity' }] })
  })

  test('counts what open holds reserve, once', () => {
    const history = [...bookWith('full', 'other'), posted(entry('t1', ...lots('full', '1', 999)))]
    const held = (...names: readonly string[]) =>
      given(
        book,
        ...history,
        holdPlaced(entry('h', ...names.map((name) => posting('full', '-1', name)))),
        holdPlaced(entry('i', posting('full', '-1', named(3)))),
      ).when(postTransaction, transfer('t2', 'other', 'full', '1', 'new'))
    held(named(5)).then(posted(transfer('t2', 'other', 'full', '1', 'new')))
    held('new').then(posted(transfer('t2', 'other', 'full', '1', 'new')))
    held('old').thenRejected('too-many-commodities')
  })

  test('that has more from earlier goes on with them, too', () => {
    const events = [...bookWith('full', 'other'), posted(entry('t1', ...lots('full', '1', 1_200)))]
    const more = transfer('t2', 'other', 'full', '1', named(1_100))
    const posts = given(book, ...events)
    posts.when(postTransaction, more).then(posted(more))
    posts.when(postTransaction, transfer('t2', 'other', 'full', '1', 'new')).thenRejected('too-many-commodities')
  })
})
