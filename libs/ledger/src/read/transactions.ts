import {
  contains,
  document,
  from,
  type Json,
  json,
  list,
  prefix,
  projection,
  type RowOf,
  some,
  text,
  to,
} from '#domain-kit'
import { book } from '../book/book.js'
import { type Posting } from '../book/events.js'
import { bookSummary } from './books.js'

const table = {
  book: text().key(),
  id: text().key(),
  date: text(),
  description: text(),
  code: text(),
  comment: text(),
  tags: json<Readonly<Record<string, string>>>({}),
  postings: json<readonly Json[]>([]),
  reverses: text().nullable(),
  reversed_by: text().nullable(),
  captures: text().nullable(),
  time: text(),
}

const asJson = ({ account, amount, commodity, cost }: Posting): Json => ({
  account,
  amount,
  commodity,
  ...(cost ? { cost: { kind: cost.kind, amount: cost.amount, commodity: cost.commodity } } : {}),
})

/** One row a transaction, as it was posted; a reversal also marks the one that it undoes. */
export const transactions = projection('transactions', {
  version: 2,
  of: book,
  table,
  key: (event) => {
    if (event.type !== 'TransactionPosted') return []
    const { id, reverses } = event.data
    const own = { book: event.aggregateId, id }
    return reverses === undefined ? own : [own, { book: event.aggregateId, id: reverses }]
  },
  fold: {
    TransactionPosted: (row, data, { key, time }) =>
      key.id === data.id
        ? {
            ...row,
            date: data.date,
            description: data.description ?? '',
            code: data.code ?? '',
            comment: data.comment ?? '',
            tags: data.tags ?? {},
            postings: data.postings.map(asJson),
            reverses: data.reverses ?? null,
            captures: data.captures ?? null,
            time,
          }
        : { ...row, reversed_by: data.id },
  },
})

const shown = (row: RowOf<typeof table>): object => ({
  id: row.id,
  date: row.date,
  description: row.description,
  code: row.code,
  comment: row.comment,
  tags: row.tags,
  postings: row.postings,
  reverses: row.reverses,
  reversedBy: row.reversed_by,
  captures: row.captures,
  time: row.time,
})

export const transaction = document(transactions, 'GET /books/{book}/transactions/{id}', {
  answer: shown,
  summary: 'A transaction by its id',
})

export const transactionList = list(transactions, 'GET /books/{book}/transactions', {
  item: (row, { createdAt }) => ({ position: createdAt.toString(), ...shown(row) }),
  within: bookSummary,
  filters: {
    from: from('date', 'day'),
    to: to('date', 'day'),
    description: contains('description'),
    descriptionPrefix: prefix('description'),
    account: some('postings', 'account'),
  },
  sort: ['date'],
  summary: "A book's transactions, the newest first",
})
