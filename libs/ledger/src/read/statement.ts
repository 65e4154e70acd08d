import { addText, batchProjection, integer, json, type Json, type RecordedOf, type RowOf, text } from '#domain-kit'
import { book } from '../book/book.js'
import { type BookEvent } from '../book/events.js'

/** Without a key: nobody asks for one of them, and each would cost an index entry more. */
const lines = {
  book: text(),
  account: text(),
  transaction: text(),
  /** The posting's place in its transaction. */
  posting: integer(),
  date: text(),
  description: text(),
  commodity: text(),
  amount: text(),
  balance: text(),
  cost: json<Json>(null),
}

const totals = {
  book: text().key(),
  account: text().key(),
  commodity: text().key(),
  balance: text(),
}

type Posted = Extract<RecordedOf<BookEvent>, { type: 'TransactionPosted' }>

/** The balance of an account in one commodity while a batch is folded. */
interface Running {
  readonly key: { readonly book: string; readonly account: string; readonly commodity: string }
  balance: string
  last: Posted
}

const keyOf = (book: string, account: string, commodity: string): string => `${book}\n${account}\n${commodity}`

/** A line per posting with the running balance after it: what a fold per key cannot say, because lines only grow. */
export const statement = batchProjection('statement', {
  version: 3,
  of: book,
  tables: { lines, totals },
  types: ['TransactionPosted'],
  handle: async (events: readonly RecordedOf<BookEvent>[], tx) => {
    const posted = events.filter((event): event is Posted => event.type === 'TransactionPosted')
    const running = new Map<string, Running>()
    for (const event of posted)
      for (const { account, commodity } of event.data.postings) {
        const text = keyOf(event.aggregateId, account, commodity)
        if (running.has(text)) continue
        running.set(text, { key: { book: event.aggregateId, account, commodity }, balance: '0', last: event })
      }
    const keys = [...running.values()].map(({ key }) => key)
    for (const row of await tx.load('totals', keys)) {
      const found = running.get(keyOf(row.book, row.account, row.commodity))
      if (found) found.balance = row.balance
    }
    for (const event of posted) tx.insert('lines', event, linesOf(event, running))
    for (const { key, balance, last } of running.values()) tx.upsert('totals', last, [{ ...key, balance }])
  },
})

function linesOf(event: Posted, running: ReadonlyMap<string, Running>): RowOf<typeof lines>[] {
  const { aggregateId: book, data } = event
  const { id: transaction, date, description = '', postings } = data
  return postings.flatMap(({ account, commodity, amount, cost }, posting) => {
    const of = running.get(keyOf(book, account, commodity))
    if (!of) return []
    of.balance = addText(of.balance, amount)
    of.last = event
    const { balance } = of
    const paid = cost ? { kind: cost.kind, amount: cost.amount, commodity: cost.commodity } : null
    return [{ book, account, transaction, posting, date, description, commodity, amount, balance, cost: paid }]
  })
}
