/** Books that commands are spread over, and accounts in each. */
export const BOOKS = 200
export const ACCOUNTS = 10

export const bookName = (ordinal: number): string => `bench-${ordinal}`
export const accountName = (ordinal: number): string => `assets:bank:account-${ordinal}`

/** A transaction of three postings between accounts of one book, as JSON. `id` must be new in its book. */
export function transaction(id: string, ordinal: number): string {
  const amount = 1 + (ordinal % 500)
  const from = ordinal % ACCOUNTS
  const posting = (to: number, text: string): string =>
    `{"account":"${accountName((from + to) % ACCOUNTS)}","amount":"${text}","commodity":"EUR"}`
  const postings = [posting(0, `-${amount}.50`), posting(1, `${amount}.00`), posting(2, '0.50')]
  return `{"id":"${id}","date":"2026-11-23","description":"rent of november","postings":[${postings.join(',')}]}`
}

/** Everything that the transactions need, as lines of `POST /v1/commands`. */
export function* openings(books: readonly string[]): Generator<string> {
  for (const target of books) {
    yield JSON.stringify({ key: `open-${target}`, command: 'ledger.open-book', target, body: {} })
    for (let ordinal = 0; ordinal < ACCOUNTS; ordinal += 1) {
      const account = accountName(ordinal)
      yield JSON.stringify({ key: account, command: 'ledger.open-account', target, body: { account } })
    }
  }
}
