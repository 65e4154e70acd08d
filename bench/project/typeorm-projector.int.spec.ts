import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type Domain } from '#domain-kit'
import { createMemoryStore, type EventStore } from '#event-store'
import { ledger } from '#ledger'
import { migrateReadModels, openRedis, Projector, tablesOf } from '#read-models'
import { eventually, scratchDatabase, scratchRedis, silentLogger } from '#testing'
import { projectWithTypeOrm } from './typeorm-projector.js'

const domains: readonly Domain[] = [ledger]

/** What matters of a read model: every declared column of every row. */
async function rowsOf(url: string): Promise<readonly (readonly object[])[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const all: (readonly object[])[] = []
  for (const { sql, names, keys } of tablesOf(domains)) {
    const identity = keys.length > 0 ? keys : ['created_position', 'created_ordinal']
    const [columns, order] = [names, identity].map((list) => list.map((name) => `"${name}"`).join(', '))
    all.push((await client.query<object>(`select ${columns} from ${sql} order by ${order}`)).rows)
  }
  await client.end()
  return all
}

async function history(): Promise<EventStore> {
  const store = createMemoryStore()
  const entry = (id: string, amount: string) => ({
    id,
    date: '2026-01-01',
    tags: { trip: 'Oslo' },
    postings: [
      { account: 'cash', amount, commodity: 'EUR' },
      { account: 'shop', amount: `-${amount}`, commodity: 'EUR' },
    ],
  })
  const events = [
    { type: 'BookOpened', data: {} },
    { type: 'AccountOpened', data: { account: 'cash' } },
    { type: 'TransactionPosted', data: entry('t-1', '12.50') },
    { type: 'HoldPlaced', data: entry('h-1', '3') },
    { type: 'TransactionPosted', data: { ...entry('t-2', '3'), captures: 'h-1' } },
    { type: 'TransactionPosted', data: { ...entry('t-3', '1'), reverses: 't-1' } },
    { type: 'AccountClosed', data: { account: 'cash' } },
  ].map((each) => ({ ...each, id: randomUUID(), version: 1, metadata: {} }))
  const stream = 'book-main'
  const writes = [{ stream, expected: 'any' as const, events }]
  await store.append({ commandId: { stream, key: randomUUID() }, requestHash: randomUUID(), writes })
  return store
}

/** The read models that the product makes of a log. */
async function projected(url: string, store: EventStore): Promise<void> {
  const logger = silentLogger()
  const scratch = await scratchRedis()
  const redis = openRedis(scratch.url, logger)
  await migrateReadModels(url, tablesOf(domains))
  const projector = new Projector({ store, url, domains, redis, instance: 'projector-1', logger })
  projector.start()
  const head = await store.head()
  await eventually('all is folded', () => projector.position === head)
  await projector.close()
  redis.destroy()
  await scratch.drop()
}

test('the peer makes the same read models as the product', async () => {
  const store = await history()
  const [ours, theirs] = await Promise.all([scratchDatabase(), scratchDatabase()])
  await projected(ours.url, store)
  const result = await projectWithTypeOrm(theirs.url, domains, store.readAll(), { before: 0, measured: 1_000 })
  expect(BigInt(result.events)).toBe(await store.head())
  const expected = await rowsOf(ours.url)
  expect(await rowsOf(theirs.url)).toEqual(expected)
  expect(expected.filter((rows) => rows.length > 0).length).toBeGreaterThan(5)
  await Promise.all([ours.drop(), theirs.drop()])
})

test('folds what comes before unmeasured, and measures no more events than it is told', async () => {
  const store = await history()
  const database = await scratchDatabase()
  const part = { before: 2, measured: 3 }
  expect(await projectWithTypeOrm(database.url, domains, store.readAll(), part)).toMatchObject({ events: 3 })
  const rows = await database.query('select position from bench.checkpoints')
  expect(rows).toEqual([{ position: '5' }])
  await database.drop()
})
