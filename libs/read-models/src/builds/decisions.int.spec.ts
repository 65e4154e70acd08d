import { document, domain, integer, projection, text } from '#domain-kit'
import { eventually, type ScratchDatabase, scratchDatabase, scratchServers } from '#testing'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { type Projector } from '../project/projector.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'

let isMended = false

/** Cannot fold a 13 before it is mended. */
const sums = projection('sums', {
  version: 1,
  of: counter,
  table: { counter: text().key(), sum: integer() },
  key: (event) => ({ counter: event.aggregateId }),
  fold: {
    Counted: (row, { by }) => {
      if (by === 13 && !isMended) throw new Error('unlucky')
      return { ...row, sum: row.sum + by }
    },
  },
})
const counting = domain('counting', { commands: [], resources: [document(sums, 'GET /sums/{counter}')] })

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
  stage = new ProjectionStage(await scratchServers(template))
  projector = await stage.projector([counting])
  projector.start()
})
afterEach(() => stage.close())

const as = (action: string): { actor: string; action: string } => ({ actor: 'ann', action })

/** Two builds stop in two lanes each: at positions 1 and 2. */
async function stopped(): Promise<readonly { build: number; lane: number; position: string }[]> {
  await projector.builds.rebuild('sums', false, as('rebuild'))
  await eventually('both go along', async () =>
    (await projector.builds.list()).every(({ state }) => state === 'live' || state === 'ready'),
  )
  for (const id of ['a', 'b']) await count(stage.store, id, 13)
  await eventually('all have stopped', () => projector.stops.length === 4)
  const stops = projector.stops.map(({ build, lane, stopped: { position } }) => ({ build, lane, position }))
  expect(stops.map(({ build, position }) => `${build}:${position}`).sort()).toEqual(['1:1', '1:2', '2:1', '2:2'])
  expect(new Set(stops.map(({ lane }) => lane)).size).toBe(2)
  return stops
}

const order = (all: readonly { build: number; lane: number; position: string }[]): unknown =>
  [...all].sort((a, b) => b.build - a.build || b.lane - a.lane)

test('a retry is on record for every build and lane that goes on, with the event and the reason, the newest first', async () => {
  const stops = await stopped()
  isMended = true
  await projector.builds.retry('sums', as('retry'))
  const [newest, ...others] = await projector.builds.decisions('sums')
  const retries = [newest!, ...others].filter(({ action }) => action === 'retry')
  expect(retries.map(({ build, lane, position }) => ({ build, lane, position }))).toEqual(order(stops))
  expect(newest).toEqual({
    ...{ at: expect.stringMatching(/^\d{4}-.*Z$/) as string, actor: 'ann', action: 'retry' },
    ...{ projection: 'sums', version: 1, build: 2, lane: expect.any(Number) as number },
    ...{ position: expect.stringMatching(/^[12]$/) as string, detail: 'sums cannot be folded: unlucky' },
  })
  expect(others.at(-1)).toMatchObject({ action: 'rebuild', build: 2, lane: null, position: null, detail: '' })
  await eventually('they go on', async () =>
    (await projector.builds.list()).every(({ state, position }) => state !== 'stopped' && position === '2'),
  )
})

test('a skip is on record for every build that leaves the event out, in its lane', async () => {
  const stops = await stopped()
  await projector.builds.skip('sums', 2n, as('skip'))
  const skips = (await projector.builds.decisions()).filter(({ action }) => action === 'skip')
  expect(skips.map(({ build, lane, position }) => ({ build, lane, position }))).toEqual(
    order(stops.filter(({ position }) => position === '2')),
  )
  expect(skips[0]?.detail).toBe('left out the event: sums cannot be folded: unlucky')
  await eventually('only the other ones stand', () => projector.stops.length === 2)
})

test('a hundred are told, of the projection that was asked for', async () => {
  await stage.database.query(`
    insert into headwater.decisions (actor, action, projection, version, build, detail)
    select 'ann', 'test', case when n % 2 = 0 then 'even' else 'odd' end, 1, 1, n::text from generate_series(1, 300) as n`)
  const numbers = async (name?: string): Promise<number[]> =>
    (await projector.builds.decisions(name)).map(({ detail }) => Number(detail))
  expect(await numbers()).toEqual(Array.from({ length: 100 }, (_, at) => 300 - at))
  expect(await numbers('even')).toEqual(Array.from({ length: 100 }, (_, at) => 300 - 2 * at))
  expect(await numbers('another')).toEqual([])
})
