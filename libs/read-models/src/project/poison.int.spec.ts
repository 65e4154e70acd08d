import { document, domain, integer, projection, text } from '#domain-kit'
import { eventually, type ScratchDatabase, scratchDatabase, scratchServers } from '#testing'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { type Projector } from './projector.js'

/** What the code of `sums` cannot do with a negative number, until it is mended. */
let isMended = false
/** What it says of them. */
let refusal: string

const table = { counter: text().key(), sum: integer() }
const sums = projection('sums', {
  version: 1,
  of: counter,
  table,
  key: (event) => ({ counter: event.aggregateId }),
  fold: {
    Counted: (row, { by }) => {
      if (by < 0 && !isMended) throw new RangeError(refusal)
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

/** What every test begins with. */
let template: ScratchDatabase
let stage: ProjectionStage
let projector: Projector

beforeAll(async () => {
  template = await scratchDatabase()
  await migrateReadModels(template.url, tablesOf([counting]))
})
afterAll(() => template.drop())
beforeEach(async () => {
  isMended = false
  refusal = 'a counter only grows'
  stage = new ProjectionStage(await scratchServers(template))
  projector = await stage.projector([counting])
  // Ten events that are there at once are one batch.
  for (let at = 1; at <= 10; at += 1) await count(stage.store, at === 5 ? 'bad' : `good-${at}`, at === 5 ? -1 : at)
  await count(stage.store, 'bad', 20)
  projector.start()
})
afterEach(() => stage.close())

const sumOf = async (name: string, id: string): Promise<number | undefined> =>
  (await stage.database.query<{ sum: number }>(`select sum from ${name}_v1.${name} where counter = $1`, [id]))[0]?.sum

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
  await count(stage.store, 'good-2', 100)
  await eventually('the others go on', async () => (await sumOf('sums', 'good-2')) === 102)
  await eventually('so does another projection in that partition', async () => (await sumOf('counts', 'bad')) === 2)
  expect(await sumOf('sums', 'bad')).toBeUndefined()
  const [stopped] = await stage.database.query<{ position: string }>(
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
  await count(stage.store, 'bad', 1)
  await eventually('it goes with the others', async () => (await sumOf('sums', 'bad')) === 20)
})

test('told to skip, it leaves that event out for ever and goes on with the next; the decision is on record', async () => {
  await eventually('it has stopped', () => projector.stops.length > 0)
  await projector.builds.skip('sums', 5n, by)
  await eventually('it has caught up', async () => (await sumOf('sums', 'bad')) === 20)
  expect(await stage.database.query('select actor, projection, position from headwater.decisions')).toEqual([
    { actor: 'tester', projection: 'sums', position: '5' },
  ])
  await projector.close()
  projector = await stage.projector([counting], 'projector-2')
  projector.start()
  await count(stage.store, 'bad', 1)
  await eventually('it goes on after a restart', async () => (await sumOf('sums', 'bad')) === 21)
})

test('a reason of which no text can be made keeps nobody from skipping', async () => {
  await eventually('it has stopped', () => projector.stops.length > 0)
  refusal = `bad \0\ud800${'!'.repeat(10_000)}`
  await projector.builds.retry('sums', by)
  const told = /^sums cannot be folded: bad \\0\ufffd!{1900,2000}$/
  await eventually('it has stopped once more', () => told.test(projector.stops[0]?.stopped.reason ?? ''))
  await projector.builds.skip('sums', 5n, by)
  await eventually('it has caught up', async () => (await sumOf('sums', 'bad')) === 20)
})

test('so does a build that catches up by itself: it stops there, what is live goes on, and a skip lets it catch up', async () => {
  await eventually('it has stopped', () => projector.stops.length > 0)
  isMended = true
  await projector.builds.retry('sums', by)
  // More than what a build may be behind and go with the others.
  for (let at = 0; at < 5; at += 1) await count(stage.store, 'many', 1, 500)
  await eventually('all is folded', async () => (await sumOf('sums', 'many')) === 2_500)
  await eventually('so is what had stopped', async () => (await sumOf('sums', 'bad')) === 19)
  isMended = false
  await projector.builds.rebuild('sums', true, by)
  const next = async () =>
    (await projector.builds.list()).find(({ projection, slot }) => projection === 'sums' && slot === 'next')
  await eventually('it has stopped', async () => (await next())?.state === 'stopped')
  expect((await next())?.stops).toMatchObject([
    { stopped: { position: '5', reason: 'sums cannot be folded: a counter only grows' } },
  ])
  await count(stage.store, 'many', 1, 500)
  await eventually('what is live goes on', async () => (await sumOf('sums', 'many')) === 3_000)
  expect(await sumOf('sums', 'bad')).toBe(19)
  await projector.builds.skip('sums', 5n, by)
  await eventually('it has caught up and is live', async () => (await sumOf('sums', 'bad')) === 20)
  expect(await sumOf('sums', 'many')).toBe(3_000)
})
