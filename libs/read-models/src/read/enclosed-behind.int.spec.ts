import pg from 'pg'
import { type RecordedEvent } from '#domain-kit'
import { ledger } from '#ledger'
import { scratchServers } from '#testing'
import { historyOf, Reading } from '../fixtures/reading.js'

let reading: Reading
let events: readonly RecordedEvent[]
beforeAll(async () => {
  reading = await Reading.open(ledger, await scratchServers())
  const step = { book: 0, from: 1, to: 2, cents: 100, commodity: 'EUR', text: 'x' }
  events = await historyOf([1, 2, 3, 4].map(() => ({ ...step, kind: 'transaction' as const })))
  await reading.empty()
  await reading.fold(events)
})
afterAll(() => reading.close())

/** Statements of any connection that read a table. */
function readsOf(table: string): () => number {
  const query = jest.spyOn(pg.Client.prototype, 'query')
  const textOf = (asked: unknown): string => (asked as { readonly text?: string }).text ?? String(asked)
  return () => query.mock.calls.filter(([asked]: readonly unknown[]) => textOf(asked).includes(table)).length
}

test('a list that waits for what encloses it is not read again and again meanwhile', async () => {
  const head = events.at(-1)!.position
  await reading.database.query("update headwater.members set position = 1, stopped = '{}' where projection = 'books'")
  const reader = reading.reader({ wait_ms_max: 1_000 })
  const reads = readsOf('transactions_v2')
  const list = reader.list(reading.resource('/books/book0/transactions'), { limit: 5 }, { minPosition: head })
  await expect(list).rejects.toMatchObject({ code: 'not-fresh-enough', headers: { 'headwater-position': '1' } })
  expect(reads()).toBeLessThanOrEqual(3)
  // What is read alone is known to be where it is.
  const { data } = await reader.document(reading.resource('/books/book0/transactions/id-1'), { minPosition: head })
  expect(data).toMatchObject({ id: 'id-1' })
})
