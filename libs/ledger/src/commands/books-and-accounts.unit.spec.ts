import { given } from '#domain-kit'
import { book } from '../book/book.js'
import {
  accountClosed,
  accountOpened,
  bookOpened,
  bookWith,
  holdPlaced,
  holdReleased,
  transfer,
} from '../fixtures/book-events.js'
import { closeAccount } from './close-account.js'
import { openAccount } from './open-account.js'
import { openBook } from './open-book.js'

const main = { target: 'main' }
const cash = { account: 'assets:cash' }

describe('a book', () => {
  test('is opened, with what is said about it', () => {
    given(book).when(openBook, { book: 'main' }).then({ type: 'BookOpened', data: {} })
    given(book)
      .when(openBook, { book: 'main', description: 'The Oslo office' })
      .then({ type: 'BookOpened', data: { description: 'The Oslo office' } })
  })

  test('is opened once', () => {
    given(book, bookOpened)
      .when(openBook, { book: 'main' }, main)
      .thenRejected('book-exists', { detail: 'book "main" is open already' })
  })
})

describe('an account', () => {
  test('is opened in an open book', () => {
    given(book, bookOpened).when(openAccount, cash).then(accountOpened('assets:cash'))
  })

  test('is opened with the lowest balance that it may come to in each commodity', () => {
    const lowestBalance = [
      { commodity: 'EUR', amount: '-500.00' },
      { commodity: 'USD', amount: '0' },
    ]
    given(book, bookOpened)
      .when(openAccount, { ...cash, lowestBalance })
      .then(accountOpened('assets:cash', ...lowestBalance))
  })

  test('needs a book', () => {
    given(book)
      .when(openAccount, cash, main)
      .thenRejected('book-not-found', { detail: 'there is no book "main"; open it first' })
    given(book).when(closeAccount, cash).thenRejected('book-not-found')
  })

  test('is opened once', () => {
    given(book, ...bookWith('assets:cash'))
      .when(openAccount, cash, main)
      .thenRejected('account-exists', { detail: 'account "assets:cash" is open already in book "main"' })
  })

  test('is another one when its name is written otherwise', () => {
    given(book, ...bookWith('caf\u00e9'))
      .when(openAccount, { account: 'cafe\u0301' })
      .then(accountOpened('cafe\u0301'))
    given(book, ...bookWith('assets'))
      .when(openAccount, { account: 'Assets' })
      .then(accountOpened('Assets'))
  })

  test('named like a member of every object is an account like any other', () => {
    for (const account of ['__proto__', 'constructor', 'toString']) {
      given(book, bookOpened).when(openAccount, { account }).then(accountOpened(account))
      given(book, ...bookWith(account))
        .when(openAccount, { account })
        .thenRejected('account-exists')
      given(book, bookOpened).when(closeAccount, { account }).thenRejected('account-not-found')
    }
  })

  test('is closed', () => {
    given(book, ...bookWith('assets:cash'))
      .when(closeAccount, cash)
      .then(accountClosed('assets:cash'))
  })

  test('that nobody opened cannot be closed', () => {
    given(book, bookOpened)
      .when(closeAccount, cash, main)
      .thenRejected('account-not-found', { detail: 'book "main" has no account "assets:cash"' })
  })

  test('is closed once', () => {
    const history = [...bookWith('assets:cash'), accountClosed('assets:cash')]
    given(book, ...history)
      .when(closeAccount, cash)
      .thenRejected('account-closed', { detail: 'account "assets:cash" is closed already' })
  })

  test('that is closed can be opened again', () => {
    const history = [...bookWith('assets:cash'), accountClosed('assets:cash')]
    given(book, ...history)
      .when(openAccount, cash)
      .then(accountOpened('assets:cash'))
  })

  test('is not closed while a hold touches it, on whichever side', () => {
    const history = [...bookWith('assets:cash', 'expenses'), holdPlaced(transfer('h1', 'assets:cash', 'expenses', '5'))]
    given(book, ...history)
      .when(closeAccount, cash)
      .thenRejected('account-held', { detail: 'hold "h1" touches account "assets:cash"; capture or release it first' })
    given(book, ...history)
      .when(closeAccount, { account: 'expenses' })
      .thenRejected('account-held')
  })

  test('can be closed when its hold is gone', () => {
    const held = [...bookWith('assets:cash', 'expenses'), holdPlaced(transfer('h1', 'assets:cash', 'expenses', '5'))]
    given(book, ...held, holdReleased('h1'))
      .when(closeAccount, cash)
      .then(accountClosed('assets:cash'))
  })
})
