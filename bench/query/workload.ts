/** Accounts of the one book that is read: so few that a page of a statement is full with 1 thousand lines, too. */
export const ACCOUNTS = 20
export const BOOK = 'bench'
/** The position that the read models are at. */
export const POSITION = 12_345_678n

const accountName = (ordinal: number): string => `assets:bank:account-${ordinal}`

const path = (ordinal: number): string => encodeURIComponent(accountName(ordinal))

export const KINDS = ['balance', 'statement'] as const
export type Kind = (typeof KINDS)[number]

/** Paths of one kind, one for each account; a page of a statement has 50 lines. */
export function pathsOf(kind: Kind): readonly string[] {
  const of = (ordinal: number): string =>
    kind === 'balance' ? `balances/${path(ordinal)}` : `accounts/${path(ordinal)}/statement`
  return Array.from({ length: ACCOUNTS }, (_, ordinal) => `/v1/ledger/books/${BOOK}/${of(ordinal)}`)
}

/**
 * In: book, accounts, lines. The rows that a log of `lines` postings would have led to, without the log: reading does not know the
 * difference. Each line in turn is of the next account.
 */
export const FILL_SQL = [
  `insert into books_v1.books
     (book, description, revision, open_accounts, transactions, open_holds, opened, last_date,
      created_position, created_ordinal, changed_position)
   values ('${BOOK}', '', 1, ${ACCOUNTS}, 1, 0, '2026-11-23T10:00:00.000Z', '2026-11-23', 1, 0, ${POSITION})`,
  `insert into accounts_v1.accounts
     (book, account, is_open, lowest_balance, balances, created_position, created_ordinal, changed_position)
   select '${BOOK}', 'assets:bank:account-' || n, true, '[]', '[{"commodity":"EUR","amount":"1234.50"}]', 2 + n, 0, ${POSITION}
   from generate_series(0, ${ACCOUNTS - 1}) n`,
  `insert into statement_v3.lines
     (book, account, transaction, posting, date, description, commodity, amount, balance, cost,
      created_position, created_ordinal, changed_position)
   select '${BOOK}', 'assets:bank:account-' || n % ${ACCOUNTS}, 'transaction-' || n, 0, '2026-11-23', 'rent of november',
     'EUR', '1.50', '1234.50', 'null', 1000 + n, 0, 1000 + n
   from generate_series(1, $1::integer) n`,
] as const

/** Every projection is at the same position, which nobody moves. */
export const POSITIONS_SQL = [
  `update headwater.lanes set position = ${POSITION}`,
  'update headwater.members set position = null',
] as const
