import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { batchProjection, document, domain, exact, integer, list, projection, text } from '#domain-kit'
import { LOCKS, withClient } from '#runtime'
import { eventually, type ScratchDatabase, scratchDatabase, scratchServers } from '#testing'
import { count, counter, sums } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { type Projector } from '../project/projector.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'

const steps = batchProjection('steps', {
  version: 1,
  of: counter,
  tables: { steps: { counter: text().key(), step: integer().key(), by: integer(), note: text() } },
  types: ['Counted'],
  handle: async (events, tx) => {
    for (const event of events)
      tx.insert('steps', event, [
        { counter: event.aggregateId, step: Number(event.revision), by: event.data.by, note: '' },
      ])
    return Promise.resolve()
  },
})
const counting = domain('counting', {
  commands: [],
  resources: [
    document(sums, 'GET /sums/{counter}'),
    list(steps, 'GET /sums/{counter}/steps', { table: 'steps', item: (row) => row, filters: { note: exact('note') } }),
  ],
})
/** What the next release knows beside it. */
const counts = projection('counts', {
  version: 1,
  of: counter,
  table: { counter: text().key(), sum: integer() },
  key: (event) => ({ counter: event.aggregateId }),
  fold: { Counted: (row) => ({ ...row, sum: row.sum + 1 }) },
})
const more = domain('more', { commands: [], resources: [document(counts, 'GET /counts/{counter}')] })
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
  stage = new ProjectionStage(await scratchServers(template))
  projector = await stage.projector([counting])
})
afterEach(() => stage.close())

const indexes = async (): Promise<readonly string[]> =>
  (
    await stage.database.query<{ indexname: string }>(
      "select indexname from pg_indexes where schemaname = 'steps_v1' order by 1",
    )
  ).map(({ indexname }) => indexname)

const sumIn = async (name: string): Promise<number | undefined> =>
  (await stage.database.query<{ sum: number }>(`select sum from ${name}_v1.${name}`))[0]?.sum

test('a build that is far behind is folded without indexes, and has them when it has caught up', async () => {
  const books = ['a', 'b', 'c']
  const times = 600
  for (let round = 0; round < 30; round += 1) for (const book of books) await count(stage.store, book, 1, times)
  expect(await indexes()).toEqual([])
  projector.start()
  const head = await stage.store.head()
  await eventually('all is folded', () => projector.position === head)
  await eventually('all has its indexes', async () => (await indexes()).length === 3)
  expect(await indexes()).toEqual(['steps_list_0', 'steps_list_1', 'steps_pkey'])
  const whole = books.map((book) => ({ counter: book, steps: 30 * times, last: 30 * times - 1 }))
  expect(
    await stage.database.query(
      'select counter, count(*)::int as steps, max(step) as last from steps_v1.steps group by 1 order by 1',
    ),
  ).toEqual(whole)
  expect(await stage.database.query('select counter, sum from sums_v1.sums order by 1')).toEqual(
    whole.map(({ counter: book, steps: sum }) => ({ counter: book, sum })),
  )
})

test('a build in which a key is there twice stops when it is to be indexed, says which, and goes on when it is mended', async () => {
  await count(stage.store, 'a', 1, 3)
  await stage.database
    .query(`insert into steps_v1.steps (counter, step, by, note, created_position, created_ordinal, changed_position)
    select 'x', 7, 1, '', 0, 0, 0 from generate_series(1, 2)`)
  projector.start()
  await eventually('it is said', () => projector.stops.length > 0)
  expect(projector.stops[0]).toMatchObject({
    projection: 'steps',
    stopped: { position: '0', reason: 'two rows have one key: Key (counter, step)=(x, 7) is duplicated.' },
  })
  await eventually(
    'another projection goes on',
    async () => (await stage.database.query('select 1 from sums_v1.sums')).length > 0,
  )
  expect(await stage.database.query("select 1 from steps_v1.steps where counter = 'a'")).toEqual([])
  await stage.database.query("delete from steps_v1.steps where counter = 'x'")
  await projector.builds.retry('steps', by)
  await eventually('it goes on', async () => (await stage.database.query('select 1 from steps_v1.steps')).length === 3)
  expect(await indexes()).toEqual(['steps_list_0', 'steps_list_1', 'steps_pkey'])
})

test('so does one in which a value is too long for an index', async () => {
  await count(stage.store, 'a', 1, 3)
  const note = randomBytes(3_000).toString('base64')
  await stage.database.query(
    `insert into steps_v1.steps (counter, step, by, note, created_position, created_ordinal, changed_position)
     values ('x', 7, 1, $1, 0, 0, 0)`,
    [note],
  )
  projector.start()
  await eventually('it is said', () => projector.stops.length > 0)
  expect(projector.stops[0]!.stopped.reason).toMatch(/^it cannot be indexed: index row size \d+ exceeds/)
  await eventually('another projection goes on', () => projector.position === 3n)
  await stage.database.query("update steps_v1.steps set note = ''")
  await projector.builds.retry('steps', by)
  await eventually('it goes on', async () => (await stage.database.query('select 1 from steps_v1.steps')).length === 4)
})

test('a projection that is new in a running system holds nobody up while its indexes are made', async () => {
  projector.start()
  await count(stage.store, 'a', 1, 3)
  await eventually('all is folded', () => projector.position === 3n)
  await projector.close()
  const { url } = stage.database
  await withClient(new pg.Client({ connectionString: url }), async (other) => {
    // As another projector that is at it with the same projection, and takes long.
    await other.query(`select pg_advisory_lock(${LOCKS.indexing}, hashtext('counts'))`)
    const next = await stage.projector([counting, more], 'projector-2')
    next.start()
    await count(stage.store, 'a')
    await eventually('what was there before is folded on', async () => (await sumIn('sums')) === 4)
    expect(await sumIn('counts')).toBeUndefined()
  })
  await eventually('the new one comes along', async () => (await sumIn('counts')) === 4)
})

describe('while indexes of a build are being made', () => {
  let other: pg.Client
  beforeEach(async () => {
    projector.start()
    await count(stage.store, 'a', 1, 3)
    await eventually('all is folded', () => projector.position === 3n)
    // As another projector that is at it with the same projection, and takes long.
    other = new pg.Client({ connectionString: stage.database.url })
    await other.connect()
    await other.query("select pg_advisory_lock($1, hashtext('steps'))", [LOCKS.indexing])
    await projector.builds.rebuild('steps', false, by)
    await eventually('it waits', async () => (await waiting()) === 1)
  })
  afterEach(() => other.end())

  const waiting = async (): Promise<number | undefined> =>
    (
      await stage.database.query<{ waiting: number }>(
        `select count(*)::int as waiting from pg_locks
         where locktype = 'advisory' and classid = ${LOCKS.indexing} and not granted
           and database = (select oid from pg_database where datname = current_database())`,
      )
    )[0]?.waiting

  const stateOf = async (name: string, build: number): Promise<string | undefined> =>
    (await projector.builds.list()).find((each) => each.projection === name && each.build === build)?.state

  test('everything else begins anew when there is something else to do, and whoever wants those waits with who did before', async () => {
    for (let time = 1; time <= 3; time += 1) {
      await projector.builds.rebuild('sums', false, by)
      await eventually('another build goes along', async () => (await stateOf('sums', 1 + time)) === 'ready')
      await count(stage.store, 'a')
      await eventually('what is live is folded on', () => projector.position === 3n + BigInt(time))
      await projector.builds.drop('sums', 'next', by)
    }
    expect(await waiting()).toBe(1)
    expect(await stateOf('steps', 2)).toBe('building')
    await other.query("select pg_advisory_unlock($1, hashtext('steps'))", [LOCKS.indexing])
    await eventually('it goes along', async () => (await stateOf('steps', 2)) === 'ready')
  })

  test('a projector that begins meanwhile folds what is live: it asks for nothing that waits for a table', async () => {
    // As whoever makes a primary key does.
    await other.query('begin; lock table "steps_v1$next".steps in access exclusive mode')
    await projector.close()
    const second = await stage.projector([counting], 'projector-2')
    second.start()
    await count(stage.store, 'a')
    await eventually('what is live is folded on', () => second.position === 4n)
    const stuck = `select query from pg_stat_activity where application_name like 'headwater planning%' and wait_event_type = 'Lock'
      and datname = current_database()`
    expect(await stage.database.query(stuck)).toEqual([])
  })

  test('its projector ends at once', async () => {
    await projector.close()
    expect(await waiting()).toBe(1)
    expect(await stage.database.query("select 1 from headwater.lanes where holder <> ''")).toEqual([])
  })
})
