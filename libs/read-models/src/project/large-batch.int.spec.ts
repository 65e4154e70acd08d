import { document, domain, projection, type RecordedEvent, text } from '#domain-kit'
import { createMemoryStore, type EventBatch } from '#event-store'
import { readLog, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { fleetOf } from '../builds/fleet.js'
import { CHANGES_LENGTH_MAX } from '../cache/cached-lane.js'
import { count, counter } from '../fixtures/counter.js'
import { openUnit } from '../fixtures/open-unit.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { LANES, partitionOf } from './lanes.js'
import { findPoison } from './poison.js'

/** Cannot be folded. */
const POISON = 13
/** An event of a few bytes makes a row of many. */
const texts = projection('texts', {
  version: 1,
  of: counter,
  table: { counter: text().key(), text: text() },
  key: (event) => ({ counter: event.aggregateId }),
  fold: {
    Counted: (row, { by }) => {
      if (by === POISON) throw new Error('it is the thirteenth')
      return { ...row, text: `${row.text}${'x'.repeat(by)}` }
    },
  },
})
const growing = domain('growing', { commands: [], resources: [document(texts, 'GET /texts/{counter}')] })
const tables = tablesOf([growing])
const length_max = 1_000

let database: ScratchDatabase
beforeEach(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
})
afterEach(() => database.drop())

const LANE = 1
/** Counters that are folded in one lane, in order. */
const ids = Array.from({ length: 200 }, (_, at) => `c-${at}`)
  .filter((id) => partitionOf(`counter-${id}`) === LANE)
  .sort()

/** One counter after the other, three times over, as one batch. */
async function batchOf(...sizes: readonly number[]): Promise<EventBatch> {
  const store = createMemoryStore()
  for (let round = 0; round < 3; round += 1) for (const [at, by] of sizes.entries()) await count(store, ids[at]!, by)
  const events = (await readLog(store)) as readonly RecordedEvent[]
  return { after: 0n, position: BigInt(events.length), events }
}

async function lengths(): Promise<number[]> {
  const rows = await database.query<{ length: number }>('select length(text) from texts_v1.texts order by counter')
  return rows.map(({ length }) => length)
}

const rest = ({ position, events }: EventBatch, after: bigint): EventBatch => ({
  ...{ after, position, events: events.filter((event) => event.position > after) },
})

test('a batch that comes to more rows than are written at once is folded in parts, an event that does so by itself alone', async () => {
  const batch = await batchOf(100, 300, 5, 400, 2_000, 200)
  const unit = await openUnit(database.url, tables, 0n, LANES, { length_max })
  const parts: number[] = []
  let committed = Promise.resolve()
  while (unit.position < batch.position) {
    const folded = await unit.fold(rest(batch, unit.position))
    await committed
    // The next part is folded while this one is written.
    committed = unit.commit(folded)
    parts.push(folded.batch.events.length)
  }
  await committed
  await unit.close()
  expect(parts.length).toBeGreaterThan(3)
  expect(parts.reduce((sum, each) => sum + each)).toBe(batch.events.length)
  expect(await lengths()).toEqual([300, 900, 15, 1_200, 6_000, 600])
})

test('what a part changes can be told to those who follow its lane', async () => {
  const batch = await batchOf(...Array<number>(8).fill(1_000_000))
  const unit = await openUnit(database.url, tables, 0n, LANES)
  const told: number[] = []
  while (unit.position < batch.position) {
    const folded = await unit.fold(rest(batch, unit.position))
    told.push(JSON.stringify(unit.changes(folded).get(LANE)?.changes).length)
    await unit.commit(folded)
  }
  await unit.close()
  expect(told.reduce((sum, each) => sum + each)).toBeGreaterThan(CHANGES_LENGTH_MAX)
  expect(Math.max(...told)).toBeLessThan(CHANGES_LENGTH_MAX)
})

test('an event that cannot be folded is found behind more rows than are written at once, and those are written', async () => {
  const batch = await batchOf(900, 900, 900, 900, POISON)
  const [table] = tables
  const owned = new Map([[LANE, 0n]])
  const member = {
    ...{ projection: texts, build: 1, slot: 'live' as const, isIndexed: false, tables: [table!], isPartitioned: true },
    ...{ lanes: owned, joining: new Set([LANE]), skips: new Set<bigint>() },
  }
  const base = { url: database.url, name: 'test', fleet: fleetOf(tables), lanes: owned, logger: silentLogger() }
  const found = await findPoison({ ...base, length_max }, [member], batch)
  expect(found).toMatchObject([{ lane: LANE, event: { position: 5n }, position: 4n }])
  expect(await lengths()).toEqual([900, 900, 900, 900])
})
