import { randomUUID } from 'node:crypto'
import { type NewEvent } from '#event-store'

/** Streams that the appends are spread over. */
export const STREAMS = 10_000

/** An event of about 250 bytes: a transfer with what a real one says. */
export function benchEvent(ordinal: number): NewEvent {
  return {
    id: randomUUID(),
    type: 'MoneyMoved',
    version: 1,
    data: {
      id: `transfer-${ordinal}`,
      date: '2026-11-23',
      description: 'rent of november',
      postings: [
        { account: 'assets:bank:checking', amount: `-${ordinal % 1000}.50`, commodity: 'EUR' },
        { account: 'expenses:rent', amount: `${ordinal % 1000}.50`, commodity: 'EUR' },
      ],
    },
    metadata: { actor: 'bench' },
  }
}
