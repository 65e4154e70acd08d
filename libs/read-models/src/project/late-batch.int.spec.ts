import pg from 'pg'
import { createMemoryStore, type EventBatch, type EventStore } from '#event-store'
import { type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { fleetOf } from '../builds/fleet.js'
import { count, counting } from '../fixtures/counter.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { Lost } from './failure.js'
import { LANES } from './lanes.js'
import { planFor } from './plan.js'
import { ProjectionUnit } from './unit.js'

const tables = tablesOf([counting])
const fleet = fleetOf(tables)

let database: ScratchDatabase
let client: pg.Client
let store: EventStore
let opened: ProjectionUnit[]

beforeEach(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query("update headwater.lanes set epoch = 1, holder = 'test', expires_at = 'infinity'")
  store = createMemoryStore()
  opened = []
})
afterEach(async () => {
  for (const each of opened) await each.close()
  await client.end()
  await database.drop()
})

/** As a projector opens it again and again under the epoch that it has: with its lanes, or for a build that catches up by itself. */
async function open(how: 'together' | 'apart'): Promise<ProjectionUnit> {
  const lanes = new Map(LANES.slice(1).map((lane) => [lane, 1n]))
  const { positions, together: members } = await planFor(client, { fleet, tables, lanes })
  const base = { url: database.url, name: 'test', fleet, lanes, members, logger: silentLogger() }
  const unit = await ProjectionUnit.open(how === 'together' ? { ...base, positions } : base)
  opened.push(unit)
  return unit
}

/** What follows a position, up to another one. */
async function batch(after: bigint, position: bigint): Promise<EventBatch> {
  const events = []
  for await (const event of store.readAll({ after, limit: Number(position - after) })) events.push(event)
  return { after, position, events }
}

const sum = async (): Promise<unknown> =>
  (await client.query<{ sum: number }>('select sum from sums_v1.sums')).rows[0]?.sum

/** What is sent, and no answer comes to it: its projector gives it up, and begins anew at the checkpoint. */
async function givenUp(how: 'together' | 'apart'): Promise<{ arrive: () => Promise<void>; next: ProjectionUnit }> {
  await count(store, 'a', 1, 3)
  const first = await open(how)
  if (how === 'together') await first.join()
  await first.commit(await first.fold(await batch(0n, 1n)))
  const folded = await first.fold(await batch(1n, 2n))
  return { arrive: () => first.commit(folded), next: await open(how) }
}

describe.each(['together', 'apart'] as const)('of builds that are folded %s', (how) => {
  test('a batch that was given up, and arrives before the next one, is not folded twice', async () => {
    const { arrive, next } = await givenUp(how)
    await arrive()
    await expect(next.commit(await next.fold(await batch(1n, 2n)))).rejects.toThrow(Lost)
    expect(await sum()).toBe(2)
    const after = await open(how)
    expect(after.position).toBe(2n)
    await after.commit(await after.fold(await batch(2n, 3n)))
    expect(await sum()).toBe(3)
  })

  test('a batch that was given up, and arrives after the next one, is refused', async () => {
    const { arrive, next } = await givenUp(how)
    await next.commit(await next.fold(await batch(1n, 3n)))
    await expect(arrive()).rejects.toThrow(Lost)
    expect(await sum()).toBe(3)
  })
})

test('a build does not meet a lane where it is not any more', async () => {
  const { arrive } = await givenUp('together')
  await client.query('update headwater.members set position = 1')
  const next = await open('together')
  await client.query('update headwater.members set position = null')
  await arrive()
  await client.query('update headwater.members set position = 1')
  await expect(next.join()).rejects.toThrow(Lost)
  const { rows } = await client.query('select distinct position from headwater.members')
  expect(rows).toEqual([{ position: '1' }])
})
