import { createMemoryStore, type EventStore, EventsArchived } from '#event-store'
import { open, payment, request } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'

test('a command whose stream begins in an archive is answered so, and so is the next one', async () => {
  const archive = { name: 'events_1', first: 1n, last: 100n, file: '/archive/events_1.ndjson.gz' }
  const store = createMemoryStore()
  await new CommandHandler({ store }).execute(request(open, { limit: 100 }))
  const readStream: EventStore['readStream'] = () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new EventsArchived('events are', archive)) }),
  })
  const handler = new CommandHandler({ store: { ...store, readStream } })
  const reason = 'events are archived: events_1, positions 1 to 100, in /archive/events_1.ndjson.gz'
  expect(await handler.execute(payment(5))).toEqual({ kind: 'archived', reason })
  expect(await handler.execute(payment(6))).toEqual({ kind: 'archived', reason })
  expect(await store.head()).toBe(1n)
})
