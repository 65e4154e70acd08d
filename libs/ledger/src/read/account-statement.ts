import { exact, from, list, to } from '#domain-kit'
import { accountBalance } from './accounts.js'
import { bookTimes } from './book-times.js'
import { statement } from './statement.js'

export const accountStatement = list(statement, 'GET /books/{book}/accounts/{account}/statement', {
  table: 'lines',
  within: accountBalance,
  filters: { from: from('date', 'day'), to: to('date', 'day'), commodity: exact('commodity') },
  history: { timeline: bookTimes },
  fields: [...['position', 'transaction', 'posting', 'date', 'description', 'commodity', 'amount', 'balance', 'cost']],
  summary: "An account's statement: each posting with the balance after it, the newest first",
  item: (row, { createdAt }) => ({
    position: createdAt.toString(),
    transaction: row.transaction,
    posting: row.posting,
    date: row.date,
    description: row.description,
    commodity: row.commodity,
    amount: row.amount,
    balance: row.balance,
    ...(row.cost === null ? {} : { cost: row.cost }),
  }),
})
