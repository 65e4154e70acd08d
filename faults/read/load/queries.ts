type Body = Readonly<Record<string, unknown>>

/** A GET of one book, and how many transactions its answer shows; NaN when it makes no sense. */
export interface BookQuery {
  readonly name: string
  path(book: string): string
  count(body: Body): number
}

interface Line {
  readonly balance: string
}
interface Numbered {
  readonly id: string
}

/** Documents, of the cache when it is fresh enough; and lists, always of a replica. */
export const QUERIES: readonly BookQuery[] = [
  {
    name: 'book',
    path: (book) => `/v1/ledger/books/${book}`,
    count: ({ transactions }) => Number(transactions),
  },
  {
    name: 'balance',
    path: (book) => `/v1/ledger/books/${book}/balances/a`,
    count: balanceIn,
  },
  {
    name: 'statement',
    path: (book) => `/v1/ledger/books/${book}/accounts/a/statement?limit=1`,
    count: ({ items }) => (Array.isArray(items) ? Number((items as readonly Line[])[0]?.balance ?? '0') : NaN),
  },
  {
    name: 'transactions',
    path: (book) => `/v1/ledger/books/${book}/transactions?limit=3`,
    count: ({ items }) =>
      Array.isArray(items) ? newestOf((items as readonly Numbered[]).map(({ id }) => Number(id))) : NaN,
  },
]

/** The balance of account `a` as a number of transactions. */
export function balanceIn(body: Body | null): number {
  const balances = (body?.['balances'] ?? []) as readonly { amount: string }[]
  return body === null ? NaN : Number(balances[0]?.amount ?? '0')
}

/** @param ids the newest first; with a hole among them they make no sense. */
function newestOf(ids: readonly number[]): number {
  const [newest = -1] = ids
  return ids.every((id, at) => id === newest - at) ? newest + 1 : NaN
}
