import { addText, aggregate, Dictionary, inverseText } from '#domain-kit'
import { type Amount, type BookEvent, type Entry, type Posting } from './events.js'
import { refund } from './transfer.js'

export interface Account {
  readonly isOpen: boolean
  readonly lowestBalance: readonly Amount[]
  /** Posted balance by commodity. */
  readonly balances: Dictionary<string>
  /** What open holds would take out, by commodity: the sum of their negative postings, so never positive. */
  readonly held: Dictionary<string>
}

/** What is open in a book. History (which ids were used, what a transaction said) is not state: see claims and lookups. */
export interface BookState {
  readonly isOpen: boolean
  readonly accounts: Dictionary<Account>
  readonly holds: Dictionary<Entry>
  /** By transfer, the refund of each one that the receiving book has not answered yet; what it takes is reserved. */
  readonly transfers: Dictionary<Entry>
}

const NEW_ACCOUNT: Account = { isOpen: true, lowestBalance: [], balances: Dictionary.empty(), held: Dictionary.empty() }

type Accounts = Dictionary<Account>

function change(accounts: Accounts, name: string, to: (account: Account) => Account): Accounts {
  return accounts.set(name, to(accounts.get(name) ?? NEW_ACCOUNT))
}

function plus(amounts: Dictionary<string>, commodity: string, amount: string): Dictionary<string> {
  return amounts.set(commodity, addText(amounts.get(commodity) ?? '0', amount))
}

function post(accounts: Accounts, postings: readonly Posting[]): Accounts {
  return postings.reduce(
    (all, { account, commodity, amount }) =>
      change(all, account, (before) => ({ ...before, balances: plus(before.balances, commodity, amount) })),
    accounts,
  )
}

/** Reserves what a hold would take out, or frees it again (`sign` -1). What it would bring in is not counted before capture. */
function reserve(accounts: Accounts, hold: Entry, sign: 1 | -1): Accounts {
  return hold.postings
    .filter(({ amount }) => amount.startsWith('-'))
    .reduce(
      (all, { account, commodity, amount }) =>
        change(all, account, (before) => ({
          ...before,
          held: plus(before.held, commodity, sign === 1 ? amount : inverseText(amount)),
        })),
      accounts,
    )
}

function settle(state: BookState, id: string): BookState {
  const hold = state.holds.get(id)
  return hold ? { ...state, holds: state.holds.delete(id), accounts: reserve(state.accounts, hold, -1) } : state
}

function endTransfer(state: BookState, id: string): BookState {
  const back = state.transfers.get(id)
  return back ? { ...state, transfers: state.transfers.delete(id), accounts: reserve(state.accounts, back, -1) } : state
}

const NOTHING: BookState = {
  isOpen: false,
  accounts: Dictionary.empty(),
  holds: Dictionary.empty(),
  transfers: Dictionary.empty(),
}

/** A set of double-entry accounts in any number of commodities: one per location or company, one stream each. */
export const book = aggregate<BookEvent>()('book', {
  version: 1,
  initial: NOTHING,
  evolve: {
    BookOpened: (state) => ({ ...state, isOpen: true }),
    AccountOpened: (state, { account, lowestBalance = [] }) => ({
      ...state,
      accounts: change(state.accounts, account, (before) => ({ ...before, isOpen: true, lowestBalance })),
    }),
    AccountClosed: (state, { account }) => ({
      ...state,
      accounts: change(state.accounts, account, (before) => ({ ...before, isOpen: false })),
    }),
    TransactionPosted: (state, { postings, captures }) => {
      const settled = captures === undefined ? state : settle(state, captures)
      return { ...settled, accounts: post(settled.accounts, postings) }
    },
    HoldPlaced: (state, hold) => ({
      ...state,
      holds: state.holds.set(hold.id, hold),
      accounts: reserve(state.accounts, hold, 1),
    }),
    HoldReleased: (state, { id }) => settle(state, id),
    TransferRequested: (state, transfer) => {
      const back = refund(transfer)
      return {
        ...state,
        transfers: state.transfers.set(transfer.id, back),
        accounts: reserve(state.accounts, back, 1),
      }
    },
    TransferCompleted: (state, { id }) => endTransfer(state, id),
    TransferRefunded: (state, { id }) => endTransfer(state, id),
    TransferReceived: (state) => state,
    TransferDeclined: (state) => state,
  },
})
