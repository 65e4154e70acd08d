import { command } from '#domain-kit'
import { book } from '../book/book.js'
import { checkPostings, POSTING_REJECTIONS } from '../book/rules.js'
import { ENTRY_EXAMPLE, EntryDto } from '../input/posting.dto.js'

export class PostTransaction extends EntryDto {}

export const postTransaction = command(book, 'post-transaction', {
  body: PostTransaction,
  route: 'POST /books/{book}/transactions',
  summary: 'Post a balanced transaction of at least two postings',
  example: ENTRY_EXAMPLE,
  rejections: { ...POSTING_REJECTIONS, 'transaction-exists': 409 },
  claims: ({ id }) => [{ name: `transaction/${id}`, taken: 'transaction-exists' }],
  decide: (state, transaction, { event, reject, target }) =>
    checkPostings(state, transaction.postings, { target, reject }) ?? [event('TransactionPosted', transaction)],
})
