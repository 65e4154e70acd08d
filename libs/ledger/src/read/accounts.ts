import { IsIn, IsOptional } from 'class-validator'
import { addText, boolean, collection, document, json, projection, type RowOf, text } from '#domain-kit'
import { book } from '../book/book.js'
import { type Amount } from '../book/events.js'
import { IsText } from '../input/names.js'
import { rolledUp } from './roll-up.js'
import { bookSummary } from './books.js'

/** JSON columns want an index signature, which an interface lacks. */
type AmountJson = Pick<Amount, 'commodity' | 'amount'>

const table = {
  book: text().key(),
  account: text().key(),
  is_open: boolean(),
  lowest_balance: json<readonly AmountJson[]>([]),
  balances: json<readonly AmountJson[]>([]),
}

/** `balances` and one more amount; commodities keep the order in which they first came. */
function plus(balances: readonly AmountJson[], { commodity, amount }: AmountJson): readonly AmountJson[] {
  const at = balances.findIndex((each) => each.commodity === commodity)
  const before = balances[at]
  if (!before) return [...balances, { commodity, amount }]
  return balances.with(at, { commodity, amount: addText(before.amount, amount) })
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
    TransactionPosted: (row, { postings }, { key }) => ({
      ...row,
      balances: postings.filter(({ account }) => account === key.account).reduce(plus, row.balances),
    }),
  },
})

type Row = RowOf<typeof table>

export interface Balance extends AmountJson {
  readonly account: string
}

export function balancesOf({ account, balances }: Pick<Row, 'account' | 'balances'>): readonly Balance[] {
  return balances.map(({ commodity, amount }) => ({ account, commodity, amount }))
}

export const accountBalance = document(accounts, 'GET /books/{book}/balances/{account}', {
  summary: 'The balance of one account, a line for each commodity',
  answer: (row) => ({ account: row.account, open: row.is_open, balances: balancesOf(row) }),
})

export class BalancesQuery {
  /** Only accounts whose name begins so. */
  @IsOptional() @IsText({ min: 0, max: 255 }) readonly account?: string
  /** `true`: each account's balance includes those of the accounts below it. */
  @IsOptional() @IsIn(['true', 'false']) readonly tree?: 'true' | 'false'
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const balances = collection(accounts, 'GET /books/{book}/balances', {
  summary: 'The balances of all accounts of a book, flat or rolled up the account tree',
  query: BalancesQuery,
  prefix: ({ account }) => (account === undefined ? {} : { account }),
  within: bookSummary,
  answer: (rows, { tree, account = '' }) => {
    const flat = rows.flatMap(balancesOf)
    const shown = tree === 'true' ? rolledUp(flat).filter((each) => each.account.startsWith(account)) : flat
    return { balances: shown.sort((a, b) => order(a.account, b.account) || order(a.commodity, b.commodity)) }
  },
})
