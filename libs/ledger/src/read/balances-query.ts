import { IsIn, IsOptional } from 'class-validator'
import { checkRows, compare, isZero, parseDecimal } from '#domain-kit'
import { IsCommodity, IsText } from '../input/names.js'
import { rolledUp } from './roll-up.js'

export interface Balance {
  readonly account: string
  readonly commodity: string
  readonly amount: string
}

/** `-` puts the greatest first. */
const ORDERS = ['account', '-account', 'amount', '-amount'] as const

export class BalancesQuery {
  /** Only accounts whose name begins so. */
  @IsOptional() @IsText({ min: 0, max: 255 }) readonly account?: string
  /** `true`: each account's balance includes those of the accounts below it. */
  @IsOptional() @IsIn(['true', 'false']) readonly tree?: 'true' | 'false'
  @IsOptional() @IsCommodity() readonly commodity?: string
  /** `true`: without what has come to zero. */
  @IsOptional() @IsIn(['true', 'false']) readonly nonzero?: 'true' | 'false'
  /** Default `account`. Amounts are compared as numbers, whatever their commodity. */
  @IsOptional() @IsIn(ORDERS) readonly sort?: (typeof ORDERS)[number]
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byAccount = (a: Balance, b: Balance): number => order(a.account, b.account) || order(a.commodity, b.commodity)

/** What the query shows of a book's balances. Zero and order are judged after rolling up. @throws TooManyRows */
export function shownBalances(flat: readonly Balance[], query: BalancesQuery): readonly Balance[] {
  const { account = '', commodity, nonzero, tree, sort = 'account' } = query
  const mine = commodity === undefined ? flat : flat.filter((each) => each.commodity === commodity)
  checkRows(mine.length)
  const all = tree === 'true' ? rolledUp(mine).filter((each) => each.account.startsWith(account)) : mine
  const shown = nonzero === 'true' ? all.filter(({ amount }) => !isZero(parseDecimal(amount))) : [...all]
  shown.sort(byAccount)
  if (sort === 'account') return shown
  if (sort === '-account') return shown.reverse()
  const valued = shown.map((balance) => ({ balance, value: parseDecimal(balance.amount) }))
  const sign = sort === 'amount' ? 1 : -1
  return valued.sort((a, b) => sign * compare(a.value, b.value)).map(({ balance }) => balance)
}
