import { bigint, document, integer, list, projection, type RowOf, text } from '#domain-kit'
import { book } from '../book/book.js'

const table = {
  book: text().key(),
  description: text(),
  revision: bigint(),
  open_accounts: integer(),
  transactions: integer(),
  open_holds: integer(),
  opened: text(),
  last_date: text().nullable(),
}

/** One row a book. */
export const books = projection('books', {
  version: 1,
  of: book,
  table,
  key: (event) => ({ book: event.aggregateId }),
  fold: {
    BookOpened: (row, { description = '' }, { revision, time }) => ({ ...row, revision, description, opened: time }),
    AccountOpened: (row, _, { revision }) => ({ ...row, revision, open_accounts: row.open_accounts + 1 }),
    AccountClosed: (row, _, { revision }) => ({ ...row, revision, open_accounts: row.open_accounts - 1 }),
    TransactionPosted: (row, { date, captures }, { revision }) => ({
      ...row,
      revision,
      transactions: row.transactions + 1,
      open_holds: row.open_holds - (captures === undefined ? 0 : 1),
      last_date: row.last_date === null || date > row.last_date ? date : row.last_date,
    }),
    HoldPlaced: (row, _, { revision }) => ({ ...row, revision, open_holds: row.open_holds + 1 }),
    HoldReleased: (row, _, { revision }) => ({ ...row, revision, open_holds: row.open_holds - 1 }),
    TransferRequested: (row, _, { revision }) => ({ ...row, revision }),
    TransferCompleted: (row, _, { revision }) => ({ ...row, revision }),
    TransferRefunded: (row, _, { revision }) => ({ ...row, revision }),
    TransferReceived: (row, _, { revision }) => ({ ...row, revision }),
    /** A book that nobody opened declines, too, and stays no book. */
    TransferDeclined: (row, _, { revision }) => (row.opened === '' ? null : { ...row, revision }),
  },
})

/** `revision` is the stream's: what the `If-Match` of a command takes. */
const summary = (row: RowOf<typeof table>): object => ({
  book: row.book,
  description: row.description,
  revision: row.revision.toString(),
  openAccounts: row.open_accounts,
  transactions: row.transactions,
  openHolds: row.open_holds,
  opened: row.opened,
  lastDate: row.last_date,
})

export const bookSummary = document(books, 'GET /books/{book}', {
  answer: summary,
  summary: "A book's summary, with the revision that If-Match takes",
})

export const bookList = list(books, 'GET /books', { item: summary, summary: 'The books, the newest first' })
