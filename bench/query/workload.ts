/** The book whose size matters. Its accounts are so few that a page of a statement is full with 1 thousand lines, too. */
export const BOOK = 'bench'
export const ACCOUNTS = 20
/** Other books, of every partition, with 10,000 accounts together: queries that come at one time are of different rows. */
export const OTHER_BOOKS = 200
export const ACCOUNTS_OF_OTHERS = 50
/** The position that the read models are at. */
export const POSITION = 12_345_678n

const account = (ordinal: number): string => encodeURIComponent(`assets:bank:account-${ordinal}`)
const balance = (book: string, ordinal: number): string => `/v1/ledger/books/${book}/balances/${account(ordinal)}`
const statement = (book: string, ordinal: number): string =>
  `/v1/ledger/books/${book}/accounts/${account(ordinal)}/statement`

/** Balances of many books, one book after the other. */
export const BALANCES: readonly string[] = Array.from({ length: OTHER_BOOKS * ACCOUNTS_OF_OTHERS }, (_, ordinal) =>
  balance(`${BOOK}-${ordinal % OTHER_BOOKS}`, Math.floor(ordinal / OTHER_BOOKS)),
)

/** Balances of the book whose size matters. */
export const BALANCES_OF_BOOK: readonly string[] = Array.from({ length: ACCOUNTS }, (_, at) => balance(BOOK, at))

/** First pages of its statements, of 50 lines each. */
export const STATEMENTS: readonly string[] = Array.from({ length: ACCOUNTS }, (_, at) => statement(BOOK, at))

/** In: books as rows of `name`, accounts in each. */
const booksSql = (names: string, accounts: number): readonly string[] => [
  `insert into books_v1.books
     (book, description, revision, open_accounts, transactions, open_holds, opened, last_date,
      created_position, created_ordinal, changed_position)
   select name, '', 1, ${accounts}, 1, 0, '2026-11-23T10:00:00.000Z', '2026-11-23', 1, 0, ${POSITION} from ${names}`,
  `insert into accounts_v1.accounts
     (book, account, is_open, lowest_balance, balances, created_position, created_ordinal, changed_position)
   select name, 'assets:bank:account-' || n, true, '[]', '[{"commodity":"EUR","amount":"1234.50"}]', 2 + n, 0, ${POSITION}
   from ${names}, generate_series(0, ${accounts - 1}) n`,
]

/**
 * In: lines. The rows that a log of `lines` postings to the book would have led to, without the log: reading does not know the
 * difference. Each line in turn is of the next account.
 */
export const FILL_SQL = [
  ...booksSql(`(values ('${BOOK}')) books(name)`, ACCOUNTS),
  ...booksSql(
    `(select '${BOOK}-' || b as name from generate_series(0, ${OTHER_BOOKS - 1}) b) books`,
    ACCOUNTS_OF_OTHERS,
  ),
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
