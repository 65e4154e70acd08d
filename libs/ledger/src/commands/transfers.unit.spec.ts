import { given, recorded } from '#domain-kit'
import { faultNamesOf } from '#testing'
import { book } from '../book/book.js'
import { type BookEvent } from '../book/events.js'
import { outgoing } from '../book/transfer.js'
import {
  accountClosed,
  accountOpened,
  bookOpened,
  bookWith,
  DAY,
  entry,
  posted,
  posting,
  requested,
  sending,
  transfer,
} from '../fixtures/book-events.js'
import { closeAccount } from './close-account.js'
import { postTransaction } from './post-transaction.js'
import { receiveTransfer } from './receive-transfer.js'
import { requestTransfer, RequestTransfer } from './request-transfer.js'
import { reverseTransaction } from './reverse-transaction.js'
import { completeTransfer, declineTransfer, refundTransfer } from './settle-transfer.js'

const west = { target: 'west' }
const open = bookWith('cash', 'other', 'transfers:east')
const t1 = sending('t1', '12.50')
const refusal = { code: 'account-closed', reason: 'account "till" is closed' }
const refunded: BookEvent[] = [
  posted(entry('t1/refund', posting('cash', '12.50'), posting('transfers:east', '-12.50'))),
  { type: 'TransferRefunded', data: { id: 't1', ...refusal } },
]

describe('a transfer that is requested', () => {
  test('takes the money out of its account, onto the account with the other book', () => {
    given(book, ...open)
      .when(requestTransfer, { ...t1, description: 'Rent' }, west)
      .then(
        posted({
          ...{ id: 't1', date: DAY, description: 'Rent' },
          postings: [posting('cash', '-12.50'), posting('transfers:east', '12.50')],
        }),
        { type: 'TransferRequested', data: { ...t1, description: 'Rent' } },
      )
  })

  test('needs a book, an account, and an account with the other book', () => {
    given(book).when(requestTransfer, t1, west).thenRejected('book-not-found')
    given(book, ...bookWith('other'))
      .when(requestTransfer, t1, west)
      .thenRejected('account-not-open', {
        errors: [
          { field: 'account', message: 'account "cash" was never opened' },
          { field: 'to', message: 'account "transfers:east" was never opened' },
        ],
      })
    given(book, ...open, accountClosed('transfers:east'))
      .when(requestTransfer, t1, west)
      .thenRejected('account-closed')
  })

  test('may not bring its account below the lowest balance', () => {
    const poor = [
      bookOpened,
      accountOpened('cash', { commodity: 'EUR', amount: '-12.49' }),
      accountOpened('transfers:east'),
    ]
    given(book, ...poor)
      .when(requestTransfer, t1, west)
      .thenRejected('below-lowest-balance', { errors: [{ field: 'amount' }] })
  })

  test('may not bring a commodity too many, and its field is told', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => posting('transfers:east', '1', `C${at}`))
    given(book, ...open, posted(entry('t0', ...names)))
      .when(requestTransfer, t1, west)
      .thenRejected('too-many-commodities', { errors: [{ field: 'commodity' }] })
  })

  test('goes to another book', () => {
    given(book, ...open, accountOpened('transfers:west'))
      .when(requestTransfer, { ...t1, to: 'west' }, west)
      .thenRejected('transfer-to-itself')
  })

  test('does not come from the account with the other book: nothing would leave this one', () => {
    given(book, ...open)
      .when(requestTransfer, { ...t1, account: 'transfers:east' }, west)
      .thenRejected('settlement-account')
    const { decision } = given(book, ...open, accountOpened('transfers:north')).when(
      requestTransfer,
      { ...t1, account: 'transfers:north' },
      west,
    )
    expect(decision).toHaveLength(2)
  })

  test('takes the id of a transaction, and that of its refund', () => {
    expect(requestTransfer.claims(t1).map(({ name }) => name)).toEqual(['transaction/t1', 'transaction/t1/refund'])
  })
})

describe('while a transfer is under way', () => {
  const underWay = [...open, ...requested(t1)]

  test('its accounts stay open, so that the money can come back', () => {
    for (const account of ['cash', 'transfers:east'])
      given(book, ...underWay)
        .when(closeAccount, { account })
        .thenRejected('account-held', { detail: `transfer "t1" touches account "${account}" and is not settled yet` })
    given(book, ...underWay, ...refunded)
      .when(closeAccount, { account: 'cash' })
      .then(accountClosed('cash'))
    given(book, ...underWay, { type: 'TransferCompleted', data: { id: 't1' } })
      .when(closeAccount, { account: 'cash' })
      .then(accountClosed('cash'))
  })

  test('what a refund would take is reserved, so that no rule can stop it', () => {
    const strict = [
      ...bookWith('cash', 'other'),
      accountOpened('transfers:east', { commodity: 'EUR', amount: '0' }),
      ...requested(t1),
    ]
    const taking = transfer('x', 'transfers:east', 'other', '0.01')
    given(book, ...strict)
      .when(postTransaction, taking)
      .thenRejected('below-lowest-balance')
    given(book, ...strict, { type: 'TransferCompleted', data: { id: 't1' } })
      .when(postTransaction, taking)
      .then(posted(taking))
  })

  test('its transaction is not reversed, on neither side', () => {
    const undo = { transaction: 't1', id: 'r', date: DAY }
    const after: BookEvent[] = [
      { type: 'TransferRequested', data: t1 },
      { type: 'TransferReceived', data: { from: 'west', id: 't1' } },
    ]
    for (const event of after)
      given(book, ...underWay)
        .when(reverseTransaction, undo, { found: { original: recorded(event) } })
        .thenRejected('transaction-of-transfer')
  })
})

describe('a transfer that arrives', () => {
  const arriving = { from: 'west', id: 't1', date: DAY, account: 'till', amount: '12.50', commodity: 'EUR' }
  const east = { target: 'east' }

  test('brings the money in, off the account with the sending book', () => {
    given(book, ...bookWith('till', 'transfers:west'))
      .when(receiveTransfer, arriving, east)
      .then(posted(entry('west/t1', posting('till', '12.50'), posting('transfers:west', '-12.50'))), {
        type: 'TransferReceived',
        data: { from: 'west', id: 't1' },
      })
  })

  test('is refused by the rules of every transaction', () => {
    const refuse = (...history: readonly BookEvent[]) => given(book, ...history).when(receiveTransfer, arriving, east)
    refuse(...bookWith('transfers:west')).thenRejected('account-not-open')
    refuse(...bookWith('till', 'transfers:west'), accountClosed('till')).thenRejected('account-closed')
  })

  test('without consent tells a stranger the same, whatever book and accounts there are', () => {
    const histories: BookEvent[][] = [
      [],
      bookWith(),
      bookWith('till'),
      bookWith('till', 'transfers:north'),
      [...bookWith('till'), accountClosed('till')],
      [...bookWith('till', 'transfers:west'), accountClosed('transfers:west')],
      [...bookWith('transfers:west'), accountClosed('transfers:west')],
    ]
    for (const history of histories)
      given(book, ...history)
        .when(receiveTransfer, arriving, east)
        .thenRejected('transfer-not-accepted', {
          detail: 'book "east" accepts no transfers from book "west"',
          errors: [],
        })
  })

  test('is refused beyond what the receiving book takes on trust', () => {
    const trusting = (amount: string) =>
      given(book, ...bookWith('till'), accountOpened('transfers:west', { commodity: 'EUR', amount }))
    trusting('-12.49').when(receiveTransfer, arriving, east).thenRejected('below-lowest-balance')
    const { decision } = trusting('-12.50').when(receiveTransfer, arriving, east)
    expect(decision).toHaveLength(2)
  })

  test('is refused when the receiving account would come to a commodity too many', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => posting('till', '1', `C${at}`))
    given(book, ...bookWith('till', 'transfers:west'), posted(entry('t0', ...names)))
      .when(receiveTransfer, arriving, east)
      .thenRejected('too-many-commodities')
  })

  test('is refused on the account with the sending book: nothing would come in', () => {
    given(book, ...bookWith('till', 'transfers:west'))
      .when(receiveTransfer, { ...arriving, account: 'transfers:west' }, east)
      .thenRejected('settlement-account')
    given(book, ...bookWith('till'))
      .when(receiveTransfer, { ...arriving, account: 'transfers:west' }, east)
      .thenRejected('transfer-not-accepted')
  })

  test('takes an id of its own in the receiving book', () => {
    expect(receiveTransfer.claims(arriving).map(({ name }) => name)).toEqual(['transaction/west/t1'])
  })

  test('and is refused leaves that as a fact, also where no book is', () => {
    const declined = { from: 'west', id: 't1', ...refusal }
    for (const history of [[], bookWith('till')])
      given(book, ...history)
        .when(declineTransfer, declined, east)
        .then({ type: 'TransferDeclined', data: declined })
  })
})

describe('a transfer that is settled', () => {
  const underWay = [...open, ...requested(t1)]

  test('is completed', () => {
    given(book, ...underWay)
      .when(completeTransfer, { id: 't1' }, west)
      .then({ type: 'TransferCompleted', data: { id: 't1' } })
  })

  test('or is refunded, with the reason', () => {
    given(book, ...underWay)
      .when(refundTransfer, { id: 't1', ...refusal }, west)
      .then(...refunded)
  })

  test('comes back however many commodities its account has got meanwhile', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => posting('cash', '1', `C${at}`))
    given(book, ...underWay, posted(entry('t0', ...names)))
      .when(refundTransfer, { id: 't1', ...refusal }, west)
      .then(...refunded)
  })

  test('is so, too, when it was requested before its account was refused', () => {
    const old = sending('t1', '5', { account: 'transfers:east' })
    const still = given(book, ...open, ...requested(old))
    still.when(completeTransfer, { id: 't1' }, west).then({ type: 'TransferCompleted', data: { id: 't1' } })
    still
      .when(refundTransfer, { id: 't1', ...refusal }, west)
      .then(posted(entry('t1/refund', posting('transfers:east', '5'), posting('transfers:east', '-5'))), {
        type: 'TransferRefunded',
        data: { id: 't1', ...refusal },
      })
  })

  test('is settled once', () => {
    const ends: BookEvent[][] = [[{ type: 'TransferCompleted', data: { id: 't1' } }], refunded]
    for (const end of ends) {
      const settled = given(book, ...underWay, ...end)
      settled.when(completeTransfer, { id: 't1' }, west).thenRejected('transfer-not-open')
      settled.when(refundTransfer, { id: 't1', ...refusal }, west).thenRejected('transfer-not-open')
    }
  })

  test('that nobody requested is no transfer', () => {
    given(book, ...open, posted(outgoing(t1)))
      .when(completeTransfer, { id: 't1' }, west)
      .thenRejected('transfer-not-open')
  })
})

describe('the body of a transfer', () => {
  const good = { ...t1, description: 'two\nlines' }

  test('may be this', () => {
    expect(faultNamesOf(RequestTransfer, good)).toEqual([])
    expect(faultNamesOf(RequestTransfer, { ...good, id: 'x'.repeat(63), commodity: '' })).toEqual([])
  })

  test.each([
    ['id', 'x'.repeat(64)],
    ['id', ''],
    ['date', '2026-02-30'],
    ['to', 'a/b'],
    ['account', ''],
    ['toAccount', 'x'.repeat(256)],
    ['amount', '0'],
    ['amount', '0.00'],
    ['amount', '-1'],
    ['amount', '-0'],
    ['amount', 1],
    ['commodity', 'x'.repeat(65)],
    ['description', '\u0000'],
    ['colour', 'red'],
  ])('%s may not be %j', (field, value) => {
    expect(faultNamesOf(RequestTransfer, { ...good, [field]: value }).map((it) => it.split(' ')[0])).toEqual([field])
  })
})
