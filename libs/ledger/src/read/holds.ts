import { document, type Json, json, projection, text } from '#domain-kit'
import { book } from '../book/book.js'

/** One row a hold: open, captured or released. */
export const holds = projection('holds', {
  version: 1,
  of: book,
  table: {
    book: text().key(),
    hold: text().key(),
    state: text(),
    date: text(),
    description: text(),
    postings: json<readonly Json[]>([]),
    transaction: text().nullable(),
  },
  key: (event) => {
    switch (event.type) {
      case 'HoldPlaced':
      case 'HoldReleased':
        return { book: event.aggregateId, hold: event.data.id }
      case 'TransactionPosted':
        return event.data.captures === undefined ? [] : { book: event.aggregateId, hold: event.data.captures }
      default:
        return []
    }
  },
  fold: {
    HoldPlaced: (row, { date, description = '', postings }) => ({
      ...row,
      state: 'open',
      date,
      description,
      postings: postings.map(({ account, amount, commodity }) => ({ account, amount, commodity })),
    }),
    HoldReleased: (row) => ({ ...row, state: 'released' }),
    TransactionPosted: (row, { id }) => ({ ...row, state: 'captured', transaction: id }),
  },
})

export const holdById = document(holds, 'GET /books/{book}/holds/{hold}', {
  summary: 'A hold by its id: open, captured or released',
  answer: ({ hold, state, date, description, postings, transaction }) => ({
    id: hold,
    state,
    date,
    description,
    postings,
    transaction,
  }),
})
