import { document, type Domain, domain, integer, projection, text } from '#domain-kit'
import { eventually, type ScratchDatabase, scratchDatabase, scratchServers } from '#testing'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { type Projector } from '../project/projector.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'

const table = { counter: text().key(), sum: integer() }
const key = (event: { readonly aggregateId: string }): { counter: string } => ({ counter: event.aggregateId })

const counts = projection('counts', {
  version: 1,
  of: counter,
  table,
  key,
  fold: { Counted: (row) => ({ ...row, sum: row.sum + 1 }) },
})

/** What a later release has in their place. */
const tens = projection('tens', {
  version: 1,
  of: counter,
  table,
  key,
  fold: { Counted: (row) => ({ ...row, sum: row.sum + 10 }) },
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

/** What every test begins with. */
let template: ScratchDatabase
let stage: ProjectionStage
beforeAll(async () => {
  template = await scratchDatabase()
  await migrateReadModels(template.url, tablesOf([release(1)]))
})
afterAll(() => template.drop())
beforeEach(async () => {
  stage = new ProjectionStage(await scratchServers(template))
})
afterEach(() => stage.close())

async function start(version: number): Promise<Projector> {
  const projector = await stage.projector([release(version)], `projector-of-${version}`)
  projector.start()
  return projector
}

const sumIn = async (of: string, id = 'a'): Promise<number | undefined> =>
  (await stage.database.query<{ sum: number }>(`select sum from ${of} where counter = $1`, [id]))[0]?.sum

const comesTo = (of: string, sum: number): Promise<unknown> =>
  eventually(`${of} comes to ${sum}`, async () => (await sumIn(of)) === sum)

test('a release is built beside the one before; both are folded until that one has gone, which leaves what they share', async () => {
  for (let at = 0; at < 3; at += 1) await count(stage.store, 'a')
  const first = await start(1)
  await comesTo('sums_v1.sums', 3)
  const second = await start(2)
  await eventually('the second version is live', async () =>
    (await second.builds.list()).some((each) => each.version === 2 && each.slot === 'live'),
  )
  expect(await sumIn('sums_v2.sums')).toBe(30)
  await count(stage.store, 'a')
  await comesTo('sums_v1.sums', 4)
  await comesTo('sums_v2.sums', 40)
  await comesTo('counts_v1.counts', 4)
  await expect(second.builds.dropVersion('sums', 1, by)).rejects.toThrow('stop them first')

  await first.close()
  await count(stage.store, 'a')
  await comesTo('sums_v2.sums', 50)
  await comesTo('counts_v1.counts', 5)
  // Nobody has it any more.
  expect(await sumIn('sums_v1.sums')).toBe(4)
})

test('an earlier version is thrown away once nobody folds it, and no other one is', async () => {
  await count(stage.store, 'a')
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
  const schemas = await stage.database.query("select nspname from pg_namespace where nspname like 'sums%'")
  expect(schemas).toEqual([{ nspname: 'sums_v2' }])
  expect((await second.builds.list()).map(({ projection: name, version }) => [name, version])).toEqual([
    ['counts', 1],
    ['sums', 2],
  ])
  await count(stage.store, 'a')
  await comesTo('sums_v2.sums', 20)
})

test('a projection that no release has any more is thrown away once nobody folds it', async () => {
  await count(stage.store, 'a')
  const first = await start(1)
  await comesTo('counts_v1.counts', 1)
  const { builds } = await stage.projector(
    [domain('counting', { commands: [], projections: [tens] })],
    'projector-of-3',
  )
  await expect(builds.dropVersion('counts', 1, by)).rejects.toThrow('stop them first')
  await first.close()
  await expect(builds.dropVersion('counts', 2, by)).rejects.toMatchObject({ code: 'not-found' })
  await builds.dropVersion('counts', 1, by)
  expect(await stage.database.query("select nspname from pg_namespace where nspname like 'counts%'")).toEqual([])
  expect((await builds.list()).map(({ projection: name }) => name)).toEqual(['sums', 'tens'])
})

test('the release before can be started again: its version goes on at its checkpoint, and nothing that both know is folded twice', async () => {
  for (let at = 0; at < 3; at += 1) await count(stage.store, 'a')
  const first = await start(1)
  await comesTo('sums_v1.sums', 3)
  const second = await start(2)
  await comesTo('sums_v2.sums', 30)
  await eventually('the second version is live', async () =>
    (await second.builds.list()).some((each) => each.version === 2 && each.slot === 'live'),
  )
  await first.close()
  for (let at = 0; at < 4; at += 1) await count(stage.store, 'a')
  await comesTo('sums_v2.sums', 70)
  await comesTo('counts_v1.counts', 7)
  await expect(second.builds.rollback('sums', by)).rejects.toMatchObject({
    code: 'build-conflict',
    detail: expect.stringMatching(/to go back to version 1, start the release again that has it/) as string,
  })
  // What both know is then further than the first release's lanes.
  await second.close()
  await count(stage.store, 'a')

  const again = await start(1)
  await comesTo('sums_v1.sums', 8)
  await comesTo('counts_v1.counts', 8)
  await eventually('all of the first release goes with the log', async () =>
    (await again.builds.list()).every(({ version, state, position }) =>
      version === 1 ? state === 'live' && position === '8' : true,
    ),
  )
  await eventually('nobody folds the second version any more', async () =>
    (await again.builds.list()).some(({ version, state }) => version === 2 && state === 'idle'),
  )
  expect(await sumIn('sums_v2.sums')).toBe(70)
  await count(stage.store, 'a')
  await comesTo('sums_v1.sums', 9)
  await comesTo('counts_v1.counts', 9)
})

test('a promotion fences whoever folds that projection, of whichever release: a batch in hand has the old names', async () => {
  await count(stage.store, 'a')
  await start(1)
  await comesTo('counts_v1.counts', 1)
  const second = await start(2)
  await second.builds.rebuild('counts', false, by)
  const stateOf = async (slot: string): Promise<string | undefined> =>
    (await second.builds.list()).find((each) => each.projection === 'counts' && each.slot === slot)?.state
  await eventually('it is ready', async () => (await stateOf('next')) === 'ready')
  const epochs = async (): Promise<ReadonlyMap<string, bigint>> => {
    const rows = await stage.database.query<{ place: string; epoch: string }>(`
      select distinct l.fleet || ' ' || l.lane as place, l.epoch from headwater.lanes l join headwater.members m using (fleet, lane)
      where m.projection = 'counts'`)
    return new Map(rows.map(({ place, epoch }) => [place, BigInt(epoch)]))
  }
  const before = await epochs()
  expect(before.size).toBe(16)
  await second.builds.promote('counts', by)
  const after = await epochs()
  expect([...before].filter(([place, epoch]) => (after.get(place) ?? 0n) <= epoch)).toEqual([])
  await count(stage.store, 'a')
  await comesTo('counts_v1.counts', 2)
  await comesTo('"counts_v1$previous".counts', 2)
})
