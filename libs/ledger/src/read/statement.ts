import { addText, batchProjection, integer, json, type Json, type RecordedOf, text } from '#domain-kit'
import { book } from '../book/book.js'
import { type BookEvent } from '../book/events.js'

const lines = {
  book: text().key(),
  account: text().key(),
  transaction: text().key(),
  /** The posting's place in its transaction. */
  posting: integer().key(),
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

const keyOf = (event: Posted, account: string, commodity: string): string =>
  JSON.stringify([event.aggregateId, account, commodity])

/** A line per posting with the running balance after it: what a fold per key cannot say, because lines only grow. */
export const statement = batchProjection('statement', {
  version: 2,
  of: book,
  tables: { lines, totals },
  types: ['TransactionPosted'],
  handle: async (events: readonly RecordedOf<BookEvent>[], tx) => {
    const posted = events.filter((event): event is Posted => event.type === 'TransactionPosted')
    const keys = new Map<string, { book: string; account: string; commodity: string }>()
    for (const event of posted)
      for (const { account, commodity } of event.data.postings)
        keys.set(keyOf(event, account, commodity), { book: event.aggregateId, account, commodity })
    const running = new Map<string, string>()
    for (const row of await tx.load('totals', [...keys.values()]))
      running.set(JSON.stringify([row.book, row.account, row.commodity]), row.balance)
    const last = new Map<string, Posted>()
    for (const event of posted) {
      const { id, date, description = '', postings } = event.data
      const rows = postings.map(({ account, commodity, amount, cost }, posting) => {
        const key = keyOf(event, account, commodity)
        const balance = addText(running.get(key) ?? '0', amount)
        running.set(key, balance)
        last.set(key, event)
        const paid = cost ? { kind: cost.kind, amount: cost.amount, commodity: cost.commodity } : null
        const place = { book: event.aggregateId, account, transaction: id, posting }
        return { ...place, date, description, commodity, amount, balance, cost: paid }
      })
      tx.insert('lines', event, rows)
    }
    for (const [key, event] of last) {
      const total = keys.get(key)
      const balance = running.get(key)
      if (total && balance !== undefined) tx.upsert('totals', event, [{ ...total, balance }])
    }
  },
})
