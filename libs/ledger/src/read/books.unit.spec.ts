import { type BookEvent } from '../book/events.js'
import {
  accountClosed,
  accountOpened,
  bookOpened,
  holdPlaced,
  holdReleased,
  inAll,
  entry,
  posted,
  posting,
  transfer,
} from '../fixtures/book-events.js'
import { foldAll, logOf } from '../fixtures/fold-all.js'
import { books, bookSummary } from './books.js'
import { holdById, holds } from './holds.js'
import { transaction, transactionList, transactions } from './transactions.js'

const place = { createdAt: 7n, changedAt: 9n }
const t1 = transfer('t1', 'cash', 'shop', '5')

describe('the summary of a book', () => {
  const summary = (...events: readonly BookEvent[]): object[] =>
    foldAll(books, logOf([bookOpened, ...events])).map((row) => bookSummary.answer(row, place))

  test('begins with nothing', () => {
    expect(
      foldAll(books, logOf([{ type: 'BookOpened', data: { description: 'Oslo' } }])).map((row) =>
        bookSummary.answer(row, place),
      ),
    ).toEqual([
      {
        ...{ book: 'main', description: 'Oslo', revision: '0', openAccounts: 0, transactions: 0, openHolds: 0 },
        ...{ opened: '2026-11-23T10:00:00.000Z', lastDate: null },
      },
    ])
  })

  test('counts accounts, transactions and holds, and tells the revision that If-Match takes', () => {
    expect(summary(accountOpened('a'), accountOpened('b'), accountClosed('a'), accountOpened('a'))).toMatchObject([
      { openAccounts: 2, revision: '4' },
    ])
    const held = [holdPlaced(t1), holdPlaced({ ...t1, id: 'h2' })]
    expect(summary(...held)).toMatchObject([{ openHolds: 2, transactions: 0 }])
    const done = [...held, holdReleased('h2'), posted(t1, { captures: 't1' }), posted({ ...t1, id: 't2' })]
    expect(summary(...done)).toMatchObject([{ openHolds: 0, transactions: 2, revision: '5' }])
  })

  test('knows the latest date, in whatever order they came', () => {
    const on = (date: string): BookEvent => posted({ ...t1, date })
    expect(summary(on('2026-03-01'), on('2026-12-31'), on('2025-01-01'))).toMatchObject([{ lastDate: '2026-12-31' }])
  })
})

describe('a transaction', () => {
  const shown = (...events: readonly BookEvent[]): object[] =>
    foldAll(transactions, logOf(events)).map((row) => transaction.answer(row, place))

  test('is told whole, with what was left out as empty', () => {
    expect(shown(posted(t1))).toEqual([
      {
        ...{ id: 't1', date: '2026-11-23', description: '', code: '', comment: '', tags: {}, postings: t1.postings },
        ...{ reverses: null, reversedBy: null, captures: null, time: '2026-11-23T10:00:00.000Z' },
      },
    ])
    const said = { description: 'd', code: 'c', comment: 'x', tags: { a: 'b' } }
    const shares = { ...entry('t2', posting('a', '1', 'ACME', inAll('5')), posting('b', '-5', 'USD')), ...said }
    expect(shown(posted(shares))).toMatchObject([{ ...said, postings: shares.postings }])
  })

  test('and its reversal name each other', () => {
    const back = posted(transfer('r1', 'shop', 'cash', '5'), { reverses: 't1' })
    expect(shown(posted(t1), back)).toMatchObject([
      { id: 't1', reversedBy: 'r1', reverses: null, postings: t1.postings },
      { id: 'r1', reversedBy: null, reverses: 't1' },
    ])
  })

  test('names the hold that it captures', () => {
    expect(shown(posted(t1, { captures: 'h1' }))).toMatchObject([{ id: 't1', captures: 'h1' }])
  })

  test('stands in the list with the position at which it was posted', () => {
    const [row] = foldAll(transactions, logOf([posted(t1)]))
    expect(transactionList.item(row!, place)).toMatchObject({ position: '7', id: 't1' })
  })

  test('is not made by a hold', () => {
    expect(shown(holdPlaced(t1), holdReleased('t1'))).toEqual([])
  })
})

describe('a hold', () => {
  const shown = (...events: readonly BookEvent[]): object[] =>
    foldAll(holds, logOf(events)).map((row) => holdById.answer(row, place))

  test('is open, then captured or released', () => {
    const placed = holdPlaced({ ...t1, description: 'Room' })
    const open = {
      id: 't1',
      state: 'open',
      date: '2026-11-23',
      description: 'Room',
      postings: t1.postings,
      transaction: null,
    }
    expect(shown(placed)).toEqual([open])
    expect(shown(placed, holdReleased('t1'))).toEqual([{ ...open, state: 'released' }])
    const captured = posted({ ...t1, id: 't9', date: '2026-12-01' }, { captures: 't1' })
    expect(shown(placed, captured)).toEqual([{ ...open, state: 'captured', transaction: 't9' }])
  })

  test('is not touched by a transaction of the same name', () => {
    expect(shown(holdPlaced(t1), posted(t1))).toMatchObject([{ state: 'open' }])
  })
})
