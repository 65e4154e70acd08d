import { document, list, projection, type RowOf, text } from '#domain-kit'
import { book } from '../book/book.js'
import { bookSummary } from './books.js'

const table = {
  book: text().key(),
  id: text().key(),
  state: text(),
  date: text(),
  description: text(),
  account: text(),
  receiver: text(),
  to_account: text(),
  amount: text(),
  commodity: text(),
  code: text().nullable(),
  reason: text().nullable(),
  requested: text(),
  settled: text().nullable(),
}

/** One row for each transfer that a book has sent. */
export const transferTable = projection('transfers', {
  version: 1,
  of: book,
  table,
  key: (event) => {
    switch (event.type) {
      case 'TransferRequested':
      case 'TransferCompleted':
      case 'TransferRefunded':
        return { book: event.aggregateId, id: event.data.id }
      default:
        return []
    }
  },
  fold: {
    TransferRequested: (row, { date, description = '', account, to, toAccount, amount, commodity }, { time }) => ({
      ...{ ...row, state: 'requested', requested: time },
      ...{ date, description, account, receiver: to, to_account: toAccount, amount, commodity },
    }),
    TransferCompleted: (row, _, { time }) => ({ ...row, state: 'completed', settled: time }),
    TransferRefunded: (row, { code, reason }, { time }) => ({ ...row, state: 'refused', code, reason, settled: time }),
  },
})

/** `code` and `reason` say why the other book refused; they are null unless it did. */
const shown = (row: RowOf<typeof table>): object => ({
  id: row.id,
  state: row.state,
  date: row.date,
  description: row.description,
  account: row.account,
  to: row.receiver,
  toAccount: row.to_account,
  amount: row.amount,
  commodity: row.commodity,
  code: row.code,
  reason: row.reason,
  requested: row.requested,
  settled: row.settled,
})

export const transfer = document(transferTable, 'GET /books/{book}/transfers/{id}', {
  answer: shown,
  summary: 'A transfer to another book: requested, completed, or refused and refunded',
})

export const transferList = list(transferTable, 'GET /books/{book}/transfers', {
  item: (row, { createdAt }) => ({ position: createdAt.toString(), ...shown(row) }),
  within: bookSummary,
  summary: 'The transfers that a book has sent, the newest first',
})
