import {
  addText,
  type Asked,
  boolean,
  collection,
  document,
  json,
  latest,
  projection,
  type RowOf,
  text,
} from '#domain-kit'
import { book } from '../book/book.js'
import { type Amount } from '../book/events.js'
import { type Balance, BalancesQuery, shownBalances } from './balances-query.js'
import { bookTimes } from './book-times.js'
import { bookSummary } from './books.js'
import { statement } from './statement.js'

/** JSON columns want an index signature, which an interface lacks. */
type AmountJson = Pick<Amount, 'commodity' | 'amount'>

const table = {
  book: text().key(),
  account: text().key(),
  is_open: boolean(),
  lowest_balance: json<readonly AmountJson[]>([]),
  balances: json<readonly AmountJson[]>([]),
}

/** `balances` and more amounts, in one pass over each; commodities keep the order in which they first came. */
function plus(balances: readonly AmountJson[], amounts: readonly AmountJson[]): readonly AmountJson[] {
  const sums = new Map<string, string>()
  for (const { commodity, amount } of amounts) {
    const before = sums.get(commodity)
    sums.set(commodity, before === undefined ? amount : addText(before, amount))
  }
  const after = balances.map((each) => {
    const more = sums.get(each.commodity)
    if (more === undefined) return each
    sums.delete(each.commodity)
    return { commodity: each.commodity, amount: addText(each.amount, more) }
  })
  for (const [commodity, amount] of sums) after.push({ commodity, amount })
  return after
}

/** One row an account: whether it is open, and its balance in each commodity. */
export const accounts = projection('accounts', {
  version: 1,
  of: book,
  table,
  key: (event) => {
    switch (event.type) {
      case 'AccountOpened':
      case 'AccountClosed':
        return { book: event.aggregateId, account: event.data.account }
      case 'TransactionPosted': {
        const names = new Set(event.data.postings.map(({ account }) => account))
        return [...names].map((account) => ({ book: event.aggregateId, account }))
      }
      default:
        return []
    }
  },
  fold: {
    AccountOpened: (row, { lowestBalance = [] }) => ({
      ...row,
      is_open: true,
      lowest_balance: lowestBalance.map(({ commodity, amount }) => ({ commodity, amount })),
    }),
    AccountClosed: (row) => ({ ...row, is_open: false }),
    TransactionPosted: (row, { postings }, { key }) => {
      const own = postings.filter(({ account }) => account === key.account)
      return { ...row, balances: plus(row.balances, own) }
    },
  },
})

type Row = RowOf<typeof table>

export function balancesOf({ account, balances }: Pick<Row, 'account' | 'balances'>): readonly Balance[] {
  return balances.map(({ commodity, amount }) => ({ account, commodity, amount }))
}

/** A line of the statement as the balance that it left. */
const balanceAfter = ({ account, commodity, balance }: Omit<Balance, 'amount'> & { balance: string }): Balance => ({
  ...{ account, commodity, amount: balance },
})

export const accountBalance = document(accounts, 'GET /books/{book}/balances/{account}', {
  summary: 'The balance of one account, a line for each commodity',
  answer: (row) => ({ account: row.account, open: row.is_open, balances: balancesOf(row) }),
  // Whether it was open then, the lines do not say, and so does the answer not.
  history: latest(statement, {
    timeline: bookTimes,
    series: 'totals',
    lines: 'lines',
    answer: (lines, { params }) => ({ account: params['account'], balances: lines.map(balanceAfter) }),
  }),
})

export const balances = collection(accounts, 'GET /books/{book}/balances', {
  summary: 'The balances of all accounts of a book, flat or rolled up the account tree',
  query: BalancesQuery,
  prefix: ({ account }) => (account === undefined ? {} : { account }),
  within: bookSummary,
  answer: (rows, query) => ({ balances: shownBalances(rows.flatMap(balancesOf), query) }),
  history: latest(statement, {
    timeline: bookTimes,
    series: 'totals',
    lines: 'lines',
    answer: (lines, { query }: Asked<BalancesQuery>) => ({
      balances: shownBalances(lines.map(balanceAfter), query),
    }),
  }),
  export: { items: ({ balances }) => balances, fields: ['account', 'commodity', 'amount'] },
})
