import { randomUUID } from 'node:crypto'
import { aggregate, document, type Domain, domain, integer, projection, text } from '#domain-kit'
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

jest.setTimeout(60_000)

type CounterEvent = { type: 'Counted'; data: { by: number } }

const counter = aggregate<CounterEvent>()('counter', {
  version: 1,
  initial: {},
  evolve: { Counted: (state) => state },
})
const table = { counter: text().key(), sum: integer() }
const key = (event: { readonly aggregateId: string }): { counter: string } => ({ counter: event.aggregateId })

const counts = projection('counts', {
  version: 1,
  of: counter,
  table,
  key,
  fold: { Counted: (row) => ({ ...row, sum: row.sum + 1 }) },
})

/** A release: `counts` is the same in both, `sums` of the second one adds up tenfold. */
function release(version: number): Domain {
  const times = version === 1 ? 1 : 10
  const sums = projection('sums', {
    version,
    of: counter,
    table,
    key,
    fold: { Counted: (row, { by }) => ({ ...row, sum: row.sum + by * times }) },
  })
  return domain('counting', {
    commands: [],
    resources: [document(sums, 'GET /sums/{counter}'), document(counts, 'GET /counts/{counter}')],
  })
}

const by = { actor: 'tester', action: 'drop' }

let database: ScratchDatabase
let scratch: ScratchRedis
let redis: Redis
let store: EventStore
const running: Projector[] = []

beforeEach(async () => {
  database = await scratchDatabase()
  scratch = await scratchRedis()
  redis = openRedis(scratch.url, silentLogger())
  store = createMemoryStore()
})
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
  redis.destroy()
  await scratch.drop()
  await database.drop()
})

/** As the first projector of a release starts. */
async function start(version: number): Promise<Projector> {
  const domains = [release(version)]
  await migrateReadModels(database.url, tablesOf(domains))
  const options = { url: database.url, domains, instance: `projector-of-${version}`, logger: silentLogger() }
  const projector = new Projector({ ...options, store, redis })
  running.push(projector)
  projector.start()
  return projector
}

async function count(id: string): Promise<void> {
  const stream = `counter-${id}`
  const events = [{ id: randomUUID(), type: 'Counted', version: 1, data: { by: 1 }, metadata: {} }]
  const commandId = { stream, key: randomUUID() }
  await store.append({ commandId, requestHash: randomUUID(), writes: [{ stream, expected: 'any', events }] })
}

const sumIn = async (of: string, id = 'a'): Promise<number | undefined> =>
  (await database.query<{ sum: number }>(`select sum from ${of} where counter = $1`, [id]))[0]?.sum

const comesTo = (of: string, sum: number): Promise<unknown> =>
  eventually(`${of} comes to ${sum}`, async () => (await sumIn(of)) === sum)

test('a release is built beside the one before; both are folded until that one has gone, which leaves what they share', async () => {
  for (let at = 0; at < 3; at += 1) await count('a')
  const first = await start(1)
  await comesTo('sums_v1.sums', 3)
  const second = await start(2)
  await eventually('the second version is live', async () =>
    (await second.builds.list()).some((each) => each.version === 2 && each.slot === 'live'),
  )
  expect(await sumIn('sums_v2.sums')).toBe(30)
  await count('a')
  await comesTo('sums_v1.sums', 4)
  await comesTo('sums_v2.sums', 40)
  await comesTo('counts_v1.counts', 4)
  await expect(second.builds.dropVersion('sums', 1, by)).rejects.toThrow('stop them first')

  await first.close()
  await count('a')
  await comesTo('sums_v2.sums', 50)
  await comesTo('counts_v1.counts', 5)
  // Nobody has it any more.
  expect(await sumIn('sums_v1.sums')).toBe(4)
})

test('an earlier version is thrown away once nobody folds it, and no other one is', async () => {
  await count('a')
  const first = await start(1)
  await comesTo('sums_v1.sums', 1)
  await expect(first.builds.dropVersion('sums', 1, by)).rejects.toThrow('version 1 is the installed one')
  await first.close()
  const second = await start(2)
  await eventually('the second version is live', async () =>
    (await second.builds.list()).some((each) => each.version === 2 && each.slot === 'live'),
  )
  await expect(second.builds.dropVersion('sums', 7, by)).rejects.toThrow('there is no version 7')
  await second.builds.dropVersion('sums', 1, by)
  const schemas = await database.query("select nspname from pg_namespace where nspname like 'sums%'")
  expect(schemas).toEqual([{ nspname: 'sums_v2' }])
  expect((await second.builds.list()).map(({ projection: name, version }) => [name, version])).toEqual([
    ['counts', 1],
    ['sums', 2],
  ])
  await count('a')
  await comesTo('sums_v2.sums', 20)
})
