import { document, type Domain, domain, integer, projection, text } from '#domain-kit'
import { eventually, scratchServers } from '#testing'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'

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
let stage: ProjectionStage
beforeEach(async () => {
  stage = new ProjectionStage(await scratchServers())
})
afterEach(() => stage.close())

test('the first build of a version that was dropped before it was live can be begun anew', async () => {
  await stage.projector([release(1)], 'projector-of-1')
  const second = await stage.projector([release(2)], 'projector-of-2')
  const builds = async () =>
    (await second.builds.list()).flatMap(({ version, build, slot }) => (version === 2 ? [{ build, slot }] : []))
  expect(await builds()).toEqual([{ build: 1, slot: 'next' }])
  await expect(second.builds.rebuild('sums', true, by)).rejects.toMatchObject({ code: 'build-conflict' })
  await second.builds.drop('sums', 'next', by)
  await second.builds.rebuild('sums', true, by)
  expect(await builds()).toEqual([{ build: 2, slot: 'next' }])
  await count(stage.store, 'a', 3)
  second.start()
  await eventually('it is live', async () => (await builds()).some(({ slot }) => slot === 'live'))
  await eventually('it is folded', () => second.position === 1n)
  expect(await stage.database.query('select sum from sums_v2.sums')).toEqual([{ sum: 3 }])
})
