import { type EventStore } from '#event-store'
import { eventStoreDbSubject, openEventStoreDouble, postgresWriter, scratchDatabase } from '#testing'
import { checkCounts, count, put, take } from './fixtures/purse.js'
import { newKey, request } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'

interface Subject {
  readonly store: EventStore
  close(): Promise<void>
}

async function onPostgres(): Promise<Subject> {
  const database = await scratchDatabase()
  const writer = await postgresWriter(database)
  await writer.leads()
  return {
    store: writer.store,
    close: async () => {
      await writer.close()
      await database.drop()
    },
  }
}

async function onEventStoreDb(): Promise<Subject> {
  const double = await openEventStoreDouble()
  const subject = await eventStoreDbSubject(double.url)
  subject.index()
  return {
    store: subject.store,
    close: async () => {
      await subject.close()
      await double.close()
    },
  }
}

test.each([
  ['postgres', onPostgres],
  ['eventstoredb', onEventStoreDb],
])('on %s nothing is decided behind a key that another instance has taken', async (_, open) => {
  const { store, close } = await open()
  try {
    const options = { store, timeout_ms: 60_000 }
    const [here, there] = [new CommandHandler(options), new CommandHandler(options)]
    const accepted = { kind: 'accepted', replayed: false }
    expect(await here.execute(request(put, { amount: 1 }))).toMatchObject(accepted)
    const key = newKey()
    expect(await there.execute(request(put, { amount: 1 }, { key }))).toMatchObject(accepted)
    const outcomes = await Promise.all([
      here.execute(request(put, { amount: 1_000_000 }, { key })),
      here.execute(request(take, { amount: 1_000_000 })),
      here.execute(request(count, {})),
    ])
    expect(outcomes).toMatchObject([{ kind: 'key-reused' }, { kind: 'rejected' }, accepted])
    expect((await checkCounts(store)).sum).toBe(2)
  } finally {
    await close()
  }
})
