import { randomUUID } from 'node:crypto'
import { type EventStore, type NewEvent } from '#event-store'

/** Books, and accounts in each of them. */
const BOOKS = 100
const ACCOUNTS = 50
/** Events that stand before the first transaction. */
export const OPENINGS = BOOKS * (1 + ACCOUNTS)
/** Events of one append, all of one book. */
const TOGETHER = 200
const IN_FLIGHT = 16

const bookName = (ordinal: number): string => `book-${ordinal % BOOKS}`
const account = (ordinal: number): string => `assets:bank:account-${ordinal % ACCOUNTS}`

const event = (type: string, data: object): NewEvent => ({
  id: randomUUID(),
  type,
  version: 1,
  data,
  metadata: { actor: 'bench' },
})

/** Three postings, as a purchase with a fee has them. */
function transaction(ordinal: number): NewEvent {
  const cents = 100 + (ordinal % 10_000)
  const amount = (each: number): string => (each / 100).toFixed(2)
  return event('TransactionPosted', {
    id: `transaction-${ordinal}`,
    date: '2026-11-23',
    description: 'rent of november',
    postings: [
      { account: account(ordinal), amount: amount(cents), commodity: 'EUR' },
      { account: account(ordinal + 7), amount: amount(10 - cents), commodity: 'EUR' },
      { account: account(ordinal + 13), amount: amount(-10), commodity: 'EUR' },
    ],
  })
}

const opened = (): NewEvent[] => [
  event('BookOpened', {}),
  ...Array.from({ length: ACCOUNTS }, (_, at) => event('AccountOpened', { account: account(at) })),
]

/** Writes a ledger of so many transactions after its {@link OPENINGS}, in the order in which many books would be written at one time. */
export async function fillLog(store: EventStore, count: number): Promise<void> {
  const append = async (book: string, events: readonly NewEvent[]): Promise<void> => {
    const stream = `book-${book}`
    const commandId = { stream, key: randomUUID() }
    const { outcome } = await store.append({
      commandId,
      requestHash: randomUUID(),
      writes: [{ stream, expected: 'any', events }],
    })
    if (outcome !== 'appended') throw new Error(`an append of the benchmark was ${outcome}`)
  }
  for (let book = 0; book < BOOKS; book += 1) await append(bookName(book), opened())
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const first = next
      next += TOGETHER
      const size = Math.min(TOGETHER, count - first)
      await append(
        bookName(first / TOGETHER),
        Array.from({ length: size }, (_, at) => transaction(first + at)),
      )
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}
