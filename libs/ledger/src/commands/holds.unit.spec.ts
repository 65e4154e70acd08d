import { given, recorded } from '#domain-kit'
import { book } from '../book/book.js'
import { type BookEvent } from '../book/events.js'
import {
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
import { captureHold } from './capture-hold.js'
import { placeHold } from './place-hold.js'
import { postTransaction } from './post-transaction.js'
import { releaseHold } from './release-hold.js'

const main = { target: 'main' }
const open = bookWith('cash', 'shop')
const order = transfer('h1', 'cash', 'shop', '30')
const settled = { ...main, found: { settlement: recorded(holdReleased('h1')) } }

/** Cash that must not come below zero, and holds 100. */
const limited = (...more: readonly BookEvent[]): BookEvent[] => [
  bookOpened,
  accountOpened('cash', { commodity: 'EUR', amount: '0' }),
  accountOpened('shop'),
  posted(transfer('income', 'shop', 'cash', '100')),
  ...more,
]

describe('a hold', () => {
  test('is placed as it was sent', () => {
    given(book, ...open)
      .when(placeHold, order)
      .then(holdPlaced(order))
  })

  test('keeps every rule of a transaction', () => {
    given(book).when(placeHold, order).thenRejected('book-not-found')
    given(book, ...bookWith('cash'))
      .when(placeHold, order)
      .thenRejected('account-not-open')
    const wrong = entry('h1', posting('cash', '-1'), posting('shop', '2'))
    given(book, ...open)
      .when(placeHold, wrong)
      .thenRejected('unbalanced')
  })

  test('cannot reserve what is not there', () => {
    given(book, ...limited())
      .when(placeHold, transfer('h1', 'cash', 'shop', '100.01'))
      .thenRejected('below-lowest-balance')
  })

  test('cannot reserve what another hold reserves', () => {
    const all = transfer('h2', 'cash', 'shop', '70')
    given(book, ...limited(holdPlaced(order)))
      .when(placeHold, all)
      .then(holdPlaced(all))
    const more = transfer('h2', 'cash', 'shop', '71')
    given(book, ...limited(holdPlaced(order)))
      .when(placeHold, more)
      .thenRejected('below-lowest-balance', {
        detail: 'account "cash" would come to -1 EUR with -30 held, 1 below its lowest balance of 0',
      })
  })
})

describe('capturing a hold', () => {
  const held = [...open, holdPlaced(order)]

  test('posts it under its own id and date', () => {
    given(book, ...held)
      .when(captureHold, { hold: 'h1' })
      .then(posted(order, { captures: 'h1' }))
  })

  test('posts it under another id and date when they are given', () => {
    given(book, ...held)
      .when(captureHold, { hold: 'h1', id: 't9', date: '2026-12-01' })
      .then(posted({ ...order, id: 't9', date: '2026-12-01' }, { captures: 'h1' }))
  })

  test('keeps what the hold said, costs included', () => {
    const shares = entry('h1', posting('cash', '-20', 'EUR'), posting('shop', '2', 'ACME', each('10', 'EUR')))
    const said = { ...shares, description: 'Shares', code: 'x', comment: 'c', tags: { a: 'b' } }
    given(book, ...open, holdPlaced(said))
      .when(captureHold, { hold: 'h1' })
      .then(posted(said, { captures: 'h1' }))
  })

  test('may use what the hold itself reserved', () => {
    const all = transfer('h1', 'cash', 'shop', '100')
    given(book, ...limited(holdPlaced(all)))
      .when(captureHold, { hold: 'h1' })
      .then(posted(all, { captures: 'h1' }))
  })

  test('may use it in its own commodity only', () => {
    const both = entry('h1', ...order.postings, posting('cash', '-10', 'USD'), posting('shop', '10', 'USD'))
    const raised = accountOpened('cash', { commodity: 'EUR', amount: '75' })
    given(book, ...limited(holdPlaced(both), raised))
      .when(captureHold, { hold: 'h1' })
      .thenRejected('below-lowest-balance', {
        detail: 'account "cash" would come to 70 EUR, 5 below its lowest balance of 75',
      })
  })

  test('frees what it reserved, so that nothing is counted twice', () => {
    const history = limited(holdPlaced(order), posted(order, { captures: 'h1' }))
    const rest = transfer('t2', 'cash', 'shop', '70')
    given(book, ...history)
      .when(postTransaction, rest)
      .then(posted(rest))
    given(book, ...history)
      .when(postTransaction, transfer('t2', 'cash', 'shop', '70.01'))
      .thenRejected('below-lowest-balance')
  })

  test('that does not exist is refused', () => {
    given(book, ...open)
      .when(captureHold, { hold: 'h1' }, main)
      .thenRejected('hold-not-found', { detail: 'book "main" has no open hold "h1"' })
    given(book).when(captureHold, { hold: 'h1' }).thenRejected('book-not-found')
  })

  test('that was settled before is refused', () => {
    given(book, ...held, holdReleased('h1'))
      .when(captureHold, { hold: 'h1' }, settled)
      .thenRejected('hold-settled', { detail: 'hold "h1" was captured or released already' })
  })
})

describe('releasing a hold', () => {
  const held = [...open, holdPlaced(order)]

  test('posts nothing', () => {
    given(book, ...held)
      .when(releaseHold, { hold: 'h1' })
      .then(holdReleased('h1'))
  })

  test('frees what it reserved', () => {
    const all = transfer('t2', 'cash', 'shop', '100')
    given(book, ...limited(holdPlaced(order), holdReleased('h1')))
      .when(postTransaction, all)
      .then(posted(all))
  })

  test('that does not exist, or was settled before, is refused', () => {
    given(book, ...open)
      .when(releaseHold, { hold: 'h1' })
      .thenRejected('hold-not-found')
    given(book, ...held, posted(order, { captures: 'h1' }))
      .when(releaseHold, { hold: 'h1' }, settled)
      .thenRejected('hold-settled')
    given(book).when(releaseHold, { hold: 'h1' }).thenRejected('book-not-found')
  })
})

test('holds named like members of every object are holds like any other', () => {
  for (const id of ['__proto__', 'constructor']) {
    given(book, ...open)
      .when(releaseHold, { hold: id })
      .thenRejected('hold-not-found')
    const hold = transfer(id, 'cash', 'shop', '1')
    given(book, ...open, holdPlaced(hold))
      .when(captureHold, { hold: id })
      .then(posted(hold, { captures: id }))
  }
})
