import { randomUUID } from 'node:crypto'
import { aggregate, document, domain, integer, projection, text } from '#domain-kit'
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
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { Projector } from './projector.js'

jest.setTimeout(60_000)

type CounterEvent = { type: 'Counted'; data: { by: number } }

const counter = aggregate<CounterEvent>()('counter', {
  version: 1,
  initial: {},
  evolve: { Counted: (state) => state },
})

/** What the code of `sums` cannot do with a negative number, until it is mended. */
let isMended = false

const table = { counter: text().key(), sum: integer() }
const sums = projection('sums', {
  version: 1,
  of: counter,
  table,
  key: (event) => ({ counter: event.aggregateId }),
  fold: {
    Counted: (row, { by }) => {
      if (by < 0 && !isMended) throw new RangeError('a counter only grows')
      return { ...row, sum: row.sum + by }
    },
  },
})
const counts = projection('counts', {
  version: 1,
  of: counter,
  table,
  key: (event) => ({ counter: event.aggregateId }),
  fold: { Counted: (row) => ({ ...row, sum: row.sum + 1 }) },
})
const counting = domain('counting', {
  commands: [],
  resources: [document(sums, 'GET /sums/{counter}'), document(counts, 'GET /counts/{counter}')],
})
const by = { actor: 'tester', action: 'test' }

let database: ScratchDatabase
let scratch: ScratchRedis
let redis: Redis
let store: EventStore
let projector: Projector

beforeEach(async () => {
  isMended = false
  database = await scratchDatabase()
  scratch = await scratchRedis()
  redis = openRedis(scratch.url, silentLogger())
  await migrateReadModels(database.url, tablesOf([counting]))
  store = createMemoryStore()
  // Ten events that are there at once are one batch.
  for (let at = 1; at <= 10; at += 1) await count(at === 5 ? 'bad' : `good-${at}`, at === 5 ? -1 : at)
  await count('bad', 20)
  const options = { url: database.url, domains: [counting], instance: 'projector-1', logger: silentLogger() }
  projector = new Projector({ ...options, store, redis })
  projector.start()
})
afterEach(async () => {
  await projector.close()
  redis.destroy()
  await scratch.drop()
  await database.drop()
})

async function count(id: string, amount: number): Promise<void> {
  const stream = `counter-${id}`
  const events = [{ id: randomUUID(), type: 'Counted', version: 1, data: { by: amount }, metadata: {} }]
  const commandId = { stream, key: randomUUID() }
  await store.append({ commandId, requestHash: randomUUID(), writes: [{ stream, expected: 'any', events }] })
}

const sumOf = async (name: string, id: string): Promise<number | undefined> =>
  (await database.query<{ sum: number }>(`select sum from ${name}_v1.${name} where counter = $1`, [id]))[0]?.sum

test('an event that cannot be folded stops its projection in its partition, and nothing else', async () => {
  await eventually('it is said', () => projector.stops.length > 0)
  expect(projector.stops).toMatchObject([
    {
      projection: 'sums',
      stopped: {
        position: '5',
        stream: 'counter-bad',
        revision: '0',
        type: 'Counted',
        reason: 'sums cannot be folded: a counter only grows',
      },
    },
  ])
  const { lane } = projector.stops[0]!
  await count('good-2', 100)
  await eventually('the others go on', async () => (await sumOf('sums', 'good-2')) === 102)
  await eventually('so does another projection in that partition', async () => (await sumOf('counts', 'bad')) === 2)
  expect(await sumOf('sums', 'bad')).toBeUndefined()
  const [stopped] = await database.query<{ position: string }>(
    'select position from headwater.members where stopped is not null',
  )
  expect(Number(stopped?.position)).toBeLessThan(5)
  expect(lane).toBeGreaterThan(0)
  const state = (await projector.builds.list()).find(({ projection }) => projection === 'sums')
  expect(state).toMatchObject({ state: 'stopped', stops: [{ lane }] })
})

test('mended and told to retry, it goes on with that event; no event is lost', async () => {
  await eventually('it has stopped', () => projector.stops.length > 0)
  isMended = true
  await projector.builds.retry('sums', by)
  await eventually('it has caught up', async () => (await sumOf('sums', 'bad')) === 19)
  await eventually('nothing stands still', () => projector.stops.length === 0)
  await count('bad', 1)
  await eventually('it goes with the others', async () => (await sumOf('sums', 'bad')) === 20)
})

test('told to skip, it leaves that event out for ever and goes on with the next; the decision is on record', async () => {
  await eventually('it has stopped', () => projector.stops.length > 0)
  await projector.builds.skip('sums', 5n, by)
  await eventually('it has caught up', async () => (await sumOf('sums', 'bad')) === 20)
  expect(await database.query('select actor, projection, position from headwater.decisions')).toEqual([
    { actor: 'tester', projection: 'sums', position: '5' },
  ])
  await projector.close()
  projector = new Projector({
    url: database.url,
    domains: [counting],
    instance: 'projector-2',
    logger: silentLogger(),
    store,
    redis,
  })
  projector.start()
  await count('bad', 1)
  await eventually('it goes on after a restart', async () => (await sumOf('sums', 'bad')) === 21)
})
