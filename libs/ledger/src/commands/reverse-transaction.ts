import { command, inverseText } from '#domain-kit'
import { book } from '../book/book.js'
import { type BookEvent, type Posting } from '../book/events.js'
import { checkPostings, POSTING_REJECTIONS } from '../book/rules.js'
import { IsDay, IsId } from '../input/names.js'

export class ReverseTransaction {
  /** The transaction to undo. */
  @IsId() readonly transaction!: string
  /** The id of the reversal, itself a transaction. */
  @IsId() readonly id!: string
  @IsDay() readonly date!: string
}

/** What stands after a transaction that another book has, or will have, the other half of. */
const OF_TRANSFER: ReadonlySet<BookEvent['type']> = new Set(['TransferRequested', 'TransferReceived'])

const reversed = (posting: Posting): Posting => ({ ...posting, amount: inverseText(posting.amount) })

export const reverseTransaction = command(book, 'reverse-transaction', {
  body: ReverseTransaction,
  route: 'POST /books/{book}/transactions/{transaction}/reversal',
  summary: 'Undo a transaction by posting its opposite; once',
  example: { transaction: 'coffee-2', id: 'coffee-2-undone', date: '2026-11-24' },
  rejections: {
    ...POSTING_REJECTIONS,
    'transaction-not-found': 404,
    'transaction-of-transfer': 422,
    'transaction-exists': 409,
    'already-reversed': 409,
  },
  claims: ({ id, transaction }) => [
    { name: `reversal-of/${transaction}`, taken: 'already-reversed' },
    { name: `transaction/${id}`, taken: 'transaction-exists' },
  ],
  lookups: ({ transaction }) => ({ original: `transaction/${transaction}` }),
  decide: (state, { transaction, id, date }, { event, reject, target, found }) => {
    if (!state.isOpen) return reject('book-not-found', `there is no book "${target}"; open it first`)
    if (found.original && OF_TRANSFER.has(found.original.type))
      return reject('transaction-of-transfer', `"${transaction}" belongs to a transfer; send a transfer back`)
    if (found.original?.type !== 'TransactionPosted')
      return reject('transaction-not-found', `book "${target}" has no transaction "${transaction}"`)
    const { postings, description } = found.original.data
    const negated = postings.map(reversed)
    const refused = checkPostings(state, negated, { target, reject, skipBalancing: true })
    const said = description === undefined ? {} : { description }
    return refused ?? [event('TransactionPosted', { id, date, ...said, postings: negated, reverses: transaction })]
  },
})
