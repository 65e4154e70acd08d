/** Books of two accounts each, which commands are spread over and sockets watch. */
export const bookName = (ordinal: number): string => `bench-${ordinal}`
export const bookPath = (ordinal: number): string => `/v1/ledger/books/${bookName(ordinal)}`

/** A transaction of two postings, as JSON. `id` must be new in its book. */
export function transfer(id: string): string {
  const posting = (account: string, amount: string): string =>
    `{"account":"${account}","amount":"${amount}","commodity":"EUR"}`
  return `{"id":"${id}","date":"2026-11-23","postings":[${posting('a', '1.50')},${posting('b', '-1.50')}]}`
}

/** Everything that they need, as lines of `POST /v1/commands`. */
export function* openings(books: number): Generator<string> {
  for (let ordinal = 0; ordinal < books; ordinal += 1) {
    const target = bookName(ordinal)
    yield JSON.stringify({ key: 'open', command: 'ledger.open-book', target, body: {} })
    for (const account of ['a', 'b'])
      yield JSON.stringify({ key: account, command: 'ledger.open-account', target, body: { account } })
  }
}
