import { document, type Domain, domain, integer, projection, text } from '#domain-kit'
import { eventually, type ScratchDatabase, scratchDatabase, scratchServers, silentLogger } from '#testing'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { type Carrier, Carriers } from './carriers.js'

function release(version: number): Domain {
  const sums = projection('sums', {
    version,
    of: counter,
    table: { counter: text().key(), sum: integer() },
    key: (event) => ({ counter: event.aggregateId }),
    fold: { Counted: (row, { by }) => ({ ...row, sum: row.sum + by }) },
  })
  return domain('counting', { commands: [], resources: [document(sums, 'GET /sums/{counter}')] })
}

const by = { actor: 'tester', action: 'test' }
const ENDLESS = 9_223_372_036_854_775_807n

/** What every test begins with. */
let template: ScratchDatabase
let stage: ProjectionStage
let carriers: Carriers
let told: string[]
/** How often the database was asked. */
let asked: number
/** What is asked of the database. */
let ask: (sql: string, values?: readonly unknown[]) => Promise<Readonly<Record<string, unknown>>[]>
beforeAll(async () => {
  template = await scratchDatabase()
  await migrateReadModels(template.url, tablesOf([release(1)]))
})
afterAll(() => template.drop())
beforeEach(async () => {
  stage = new ProjectionStage(await scratchServers(template))
  told = []
  asked = 0
  ask = (sql, values) => {
    asked += 1
    return stage.database.query(sql, values)
  }
})
afterEach(async () => {
  carriers.close()
  await stage.close()
})

async function follow(version: number): Promise<() => Carrier | undefined> {
  const tables = tablesOf([release(version)])
  carriers = new Carriers(tables, (sql, values) => ask(sql, values), silentLogger(), 50)
  carriers.on('changed', () => told.push('changed'))
  carriers.on('promoted', () => told.push('promoted'))
  await carriers.start()
  return () => carriers.carrier(tables[0]!)
}

test('tells which build is live, and up to where another one answered', async () => {
  const projector = await stage.projector([release(1)])
  projector.start()
  await count(stage.store, 'a', 1, 3)
  await eventually('it is folded', () => projector.position === 3n)
  const carrier = await follow(1)
  expect(carrier()).toMatchObject({ build: 1, liveAt: 0n })

  await projector.builds.rebuild('sums', true, by)
  await eventually('the next build is live', () => carrier()?.build === 2)
  expect(carrier()).toMatchObject({ liveAt: 3n })
  expect(told).toEqual(['promoted'])

  await count(stage.store, 'a', 1, 2)
  await eventually('it is folded', () => projector.position === 5n)
  await projector.builds.rollback('sums', by)
  await eventually('the first is live again', () => carrier()?.build === 1)
  expect(carrier()).toMatchObject({ liveAt: 5n })

  await projector.builds.drop('sums', 'previous', by)
  await projector.builds.rebuild('sums', true, by)
  await eventually('no number comes twice', () => carrier()?.build === 3)
})

test('a replica that is behind a promotion is not believed, however often it is asked', async () => {
  let before: Readonly<Record<string, unknown>>[] = []
  ask = async (sql, values) => (before = await stage.database.query(sql, values))
  const projector = await stage.projector([release(1)])
  projector.start()
  await count(stage.store, 'a', 1, 3)
  await eventually('it is folded', () => projector.position === 3n)
  const carrier = await follow(1)
  expect(carrier()?.build).toBe(1)

  // One of two has not replayed it, and answers every second time.
  asked = 0
  ask = async (sql, values) => (++asked % 2 === 0 ? before : stage.database.query(sql, values))
  await projector.builds.rebuild('sums', true, by)
  await eventually('the next build is live', () => carrier()?.build === 2)
  const known = asked
  await eventually('both have been asked again', () => asked >= known + 3)
  expect(carrier()).toMatchObject({ build: 2, liveAt: 3n })
  expect(told).toEqual(['promoted'])

  // Nothing is told that is not so any more, and everything that is: also when it goes back.
  await projector.builds.rollback('sums', by)
  await eventually('the first is live again', () => carrier()?.build === 1)
  expect(told).toEqual(['promoted', 'promoted'])
})

test('while another version is folded it may answer at any position; later up to where it came, also when it is dropped', async () => {
  await count(stage.store, 'a', 1, 3)
  const first = await stage.projector([release(1)], 'projector-of-1')
  first.start()
  const second = await stage.projector([release(2)], 'projector-of-2')
  second.start()
  const carrier = await follow(2)
  await eventually('the second version is live', () => carrier() !== undefined)
  expect(carrier()).toMatchObject({ build: 1, liveAt: ENDLESS })

  await count(stage.store, 'a', 1, 2)
  await eventually('the first version is folded on', () => first.position === 5n)
  await first.close()
  await count(stage.store, 'a', 1, 2)
  await eventually('the second alone is folded', () => second.position === 7n)
  await eventually('where the first one stopped is known', () => carrier()?.liveAt === 5n)
  await second.builds.dropVersion('sums', 1, by)
  const known = asked
  await eventually('it is asked again, from beginning to end', () => asked >= known + 2)
  expect(carrier()).toMatchObject({ build: 1, liveAt: 5n })
})
