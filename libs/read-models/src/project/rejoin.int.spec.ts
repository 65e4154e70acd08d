import { type RecordedEvent } from '#domain-kit'
import { createMemoryStore, type EventBatch } from '#event-store'
import { type ScratchDatabase, scratchDatabase } from '#testing'
import { count, counting } from '../fixtures/counter.js'
import { openUnit } from '../fixtures/open-unit.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { partitionOf } from './lanes.js'

const tables = tablesOf([counting])
const EPOCH = 1n
const lane = partitionOf('counter-a')
let database: ScratchDatabase

beforeAll(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  await database.query('update headwater.lanes set epoch = $1', [EPOCH])
})
afterAll(() => database.drop())

test('the cache is told nothing of a build that meets its lane, before it begins anew there: it has it at an older position', async () => {
  const store = createMemoryStore()
  await count(store, 'a', 1, 4)
  const events: RecordedEvent[] = []
  for await (const event of store.readAll()) events.push(event)
  const batch = (after: number, position: number): EventBatch => ({
    ...{ after: BigInt(after), position: BigInt(position), events: events.slice(after, position) },
  })
  const first = await openUnit(database.url, tables, EPOCH)
  const two = await first.fold(batch(0, 2))
  await first.commit(two)
  expect([...first.changes(two).keys()]).toEqual([lane])
  await first.close()

  // As when it had stopped before the second event, and is let go on.
  await database.query('update headwater.members set position = 1 where lane = $1', [lane])
  await database.query('update sums_v1.sums set sum = 1, changed_position = 1')
  const meeting = await openUnit(database.url, tables, EPOCH)
  const met = await meeting.fold(batch(1, 3))
  await meeting.commit(met)
  expect(meeting.hasJoined()).toBe(true)
  expect(meeting.changes(met).size).toBe(0)
  await meeting.close()

  const together = await openUnit(database.url, tables, EPOCH)
  const last = await together.fold(batch(3, 4))
  await together.commit(last)
  expect(together.changes(last).get(lane)?.documents).toHaveLength(1)
  await together.close()
  expect(await database.query('select sum from sums_v1.sums')).toEqual([{ sum: 4 }])
})
