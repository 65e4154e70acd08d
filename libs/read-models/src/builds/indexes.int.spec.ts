import { randomUUID } from 'node:crypto'
import { aggregate, batchProjection, document, domain, integer, list, projection, text } from '#domain-kit'
import { createMemoryStore, type EventStore } from '#event-store'
import {
  eventually,
  type ScratchDatabase,
  scratchDatabase,
  type ScratchRedis,
  scratchRedis,
  silentLogger,
} from '#testing'
import { openRedis, type Redis } from '../cache/redis.js'
import { Projector } from '../project/projector.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'

jest.setTimeout(120_000)

type CounterEvent = { type: 'Counted'; data: { by: number } }

const counter = aggregate<CounterEvent>()('counter', {
  version: 1,
  initial: {},
  evolve: { Counted: (state) => state },
})
const sums = projection('sums', {
  version: 1,
  of: counter,
  table: { counter: text().key(), sum: integer() },
  key: (event) => ({ counter: event.aggregateId }),
  fold: { Counted: (row, { by }) => ({ ...row, sum: row.sum + by }) },
})
const steps = batchProjection('steps', {
  version: 1,
  of: counter,
  tables: { steps: { counter: text().key(), step: integer().key(), by: integer() } },
  types: ['Counted'],
  handle: async (events, tx) => {
    for (const event of events)
      tx.insert('steps', event, [{ counter: event.aggregateId, step: Number(event.revision), by: event.data.by }])
    return Promise.resolve()
  },
})
const counting = domain('counting', {
  commands: [],
  resources: [
    document(sums, 'GET /sums/{counter}'),
    list(steps, 'GET /sums/{counter}/steps', { table: 'steps', item: (row) => row }),
  ],
})
const by = { actor: 'tester', action: 'test' }

let database: ScratchDatabase
let scratch: ScratchRedis
let redis: Redis
let store: EventStore
let projector: Projector

beforeEach(async () => {
  database = await scratchDatabase()
  scratch = await scratchRedis()
  redis = openRedis(scratch.url, silentLogger())
  await migrateReadModels(database.url, tablesOf([counting]))
  store = createMemoryStore()
  const options = { url: database.url, domains: [counting], instance: 'projector-1', logger: silentLogger() }
  projector = new Projector({ ...options, store, redis })
})
afterEach(async () => {
  await projector.close()
  redis.destroy()
  await scratch.drop()
  await database.drop()
})

async function count(id: string, times: number): Promise<void> {
  const stream = `counter-${id}`
  const events = Array.from({ length: times }, () => ({
    ...{ id: randomUUID(), type: 'Counted', version: 1, data: { by: 1 }, metadata: {} },
  }))
  const commandId = { stream, key: randomUUID() }
  await store.append({ commandId, requestHash: randomUUID(), writes: [{ stream, expected: 'any', events }] })
}

const indexes = async (): Promise<readonly string[]> =>
  (
    await database.query<{ indexname: string }>(
      "select indexname from pg_indexes where schemaname = 'steps_v1' order by 1",
    )
  ).map(({ indexname }) => indexname)

test('a build that is far behind is folded without indexes, and has them when it has caught up', async () => {
  const books = ['a', 'b', 'c']
  const times = 600
  for (let round = 0; round < 30; round += 1) for (const book of books) await count(book, times)
  expect(await indexes()).toEqual([])
  projector.start()
  const head = await store.head()
  await eventually('all is folded', () => projector.position === head, { timeout_ms: 60_000 })
  await eventually('all has its indexes', async () => (await indexes()).length === 2)
  expect(await indexes()).toEqual(['steps_list_0', 'steps_pkey'])
  const whole = books.map((book) => ({ counter: book, steps: 30 * times, last: 30 * times - 1 }))
  expect(
    await database.query(
      'select counter, count(*)::int as steps, max(step) as last from steps_v1.steps group by 1 order by 1',
    ),
  ).toEqual(whole)
  expect(await database.query('select counter, sum from sums_v1.sums order by 1')).toEqual(
    whole.map(({ counter: book, steps: sum }) => ({ counter: book, sum })),
  )
})

test('a build in which a key is there twice stops when it is to be indexed, says which, and goes on when it is mended', async () => {
  await count('a', 3)
  await database.query(`insert into steps_v1.steps (counter, step, by, created_position, created_ordinal, changed_position)
    select 'x', 7, 1, 0, 0, 0 from generate_series(1, 2)`)
  projector.start()
  await eventually('it is said', () => projector.stops.length > 0)
  expect(projector.stops[0]).toMatchObject({
    projection: 'steps',
    stopped: { position: '0', reason: 'two rows have one key: Key (counter, step)=(x, 7) is duplicated.' },
  })
  await eventually(
    'another projection goes on',
    async () => (await database.query('select 1 from sums_v1.sums')).length,
  )
  expect(await database.query("select 1 from steps_v1.steps where counter = 'a'")).toEqual([])
  await database.query("delete from steps_v1.steps where counter = 'x'")
  await projector.builds.retry('steps', by)
  await eventually('it goes on', async () => (await database.query('select 1 from steps_v1.steps')).length === 3)
  expect(await indexes()).toEqual(['steps_list_0', 'steps_pkey'])
})
