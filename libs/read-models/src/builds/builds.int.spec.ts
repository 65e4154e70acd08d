import pg from 'pg'
import { ledger } from '#ledger'
import { eventually, type ScratchDatabase, scratchDatabase, scratchServers } from '#testing'
import { append } from '../fixtures/ledger-events.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { type Projector } from '../project/projector.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { type BuildStatus, Builds } from './builds.js'
import { fleetOf } from './fleet.js'

const tables = tablesOf([ledger])
const by = { actor: 'tester', action: 'test' }

/** What every test begins with. */
let template: ScratchDatabase
let stage: ProjectionStage
let projector: Projector

beforeAll(async () => {
  template = await scratchDatabase()
  await migrateReadModels(template.url, tables)
})
afterAll(() => template.drop())
beforeEach(async () => {
  stage = new ProjectionStage(await scratchServers(template))
  projector = await stage.projector([ledger])
  projector.start()
})
afterEach(() => stage.close())

let transactions = 0
async function post(book: string): Promise<void> {
  transactions += 1
  const postings = [
    { account: 'a', amount: '-1', commodity: 'EUR' },
    { account: 'b', amount: '1', commodity: 'EUR' },
  ]
  const data = { id: `t-${transactions}`, date: '2026-01-01', postings }
  await append(stage.store, book, { type: 'TransactionPosted', data })
}

const builds = async (name: string): Promise<readonly BuildStatus[]> =>
  (await projector.builds.list()).filter(({ projection }) => projection === name)

const shown = async (name: string): Promise<unknown> =>
  (await builds(name)).map(({ build, slot, state }) => ({ build, slot, state }))

const folded = async (): Promise<unknown> =>
  eventually('all is folded', async () => {
    const head = await stage.store.head()
    return (await projector.builds.list()).every(({ position }) => BigInt(position) === head)
  })

const balances = async (schema: string): Promise<unknown> =>
  stage.database.query(`select book, account, balance from "${schema}".totals order by 1, 2`)

test('a rebuild becomes the live build by itself, the one before is folded on and can come back', async () => {
  for (const book of ['x', 'y', 'z']) await post(book)
  await folded()
  // What nobody has folded so shows which build is read.
  await stage.database.query("update statement_v3.totals set balance = '99' where account = 'a'")
  await projector.builds.rebuild('statement', true, by)
  await eventually('the new build is live', async () =>
    (await builds('statement')).some((each) => each.build === 2 && each.slot === 'live'),
  )
  expect(await shown('statement')).toEqual([
    { build: 1, slot: 'previous', state: 'ready' },
    { build: 2, slot: 'live', state: 'live' },
  ])
  expect(await balances('statement_v3')).toEqual(
    ['x', 'y', 'z'].flatMap((book) => [
      { book, account: 'a', balance: '-1' },
      { book, account: 'b', balance: '1' },
    ]),
  )
  await post('x')
  await folded()
  expect(await balances('statement_v3')).toContainEqual({ book: 'x', account: 'b', balance: '2' })
  expect(await balances('statement_v3$previous')).toContainEqual({ book: 'x', account: 'b', balance: '2' })
  const indexes = await stage.database.query(
    "select 1 from pg_indexes where schemaname = 'statement_v3' and indexname like 'lines_list%'",
  )
  expect(indexes).toHaveLength(tables.find(({ id }) => id === 'statement.v3:lines')!.listIndexes.length)

  await projector.builds.rollback('statement', by)
  expect(await shown('statement')).toEqual([
    { build: 1, slot: 'live', state: 'live' },
    { build: 2, slot: 'previous', state: 'ready' },
  ])
  await post('x')
  await folded()
  expect(await balances('statement_v3')).toContainEqual({ book: 'y', account: 'a', balance: '99' })
  expect(await balances('statement_v3')).toContainEqual({ book: 'x', account: 'b', balance: '3' })
  await projector.builds.drop('statement', 'previous', by)
  expect(await shown('statement')).toEqual([{ build: 1, slot: 'live', state: 'live' }])
  await post('z')
  await folded()
  const decisions = await stage.database.query<{ projection: string; build: number; detail: string }>(
    'select actor, action, projection, build, detail from headwater.decisions order by id',
  )
  expect(decisions.map(({ projection, build, detail }) => [projection, build, detail])).toEqual([
    ['statement', 2, ''],
    ['statement', 2, 'from next'],
    ['statement', 1, 'from previous'],
    ['statement', 2, 'previous'],
  ])
})

test('a build that is not to promote itself waits, goes with the log, and is promoted when told', async () => {
  await post('x')
  await projector.builds.rebuild('accounts', false, by)
  await eventually('it is ready', async () =>
    (await builds('accounts')).some(({ slot, state }) => slot === 'next' && state === 'ready'),
  )
  await post('x')
  await folded()
  expect(await shown('accounts')).toEqual([
    { build: 1, slot: 'live', state: 'live' },
    { build: 2, slot: 'next', state: 'ready' },
  ])
  await projector.builds.promote('accounts', by)
  expect(await shown('accounts')).toEqual([
    { build: 1, slot: 'previous', state: 'ready' },
    { build: 2, slot: 'live', state: 'live' },
  ])
})

test('what a long query still reads is not dropped; folding goes on meanwhile, and nobody is left waiting for it', async () => {
  await projector.builds.rebuild('statement', true, by)
  await eventually('there is a build that may be dropped', async () =>
    (await builds('statement')).some(({ slot }) => slot === 'previous'),
  )
  const reader = new pg.Client({ connectionString: stage.database.url })
  await reader.connect()
  await reader.query('begin')
  await reader.query('select count(*) from "statement_v3$previous".totals')
  const hasty = new Builds(stage.database.url, tables, fleetOf(tables), 5_000)
  try {
    const over = new AbortController()
    const dropped = expect(hasty.drop('statement', 'previous', by)).rejects.toMatchObject({ code: 'unavailable' })
    const done = dropped.finally(() => over.abort())
    for (let round = 0; !over.signal.aborted; round += 1) {
      await post(`book-${round}`)
      await folded()
    }
    await done
    const waiting =
      'select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())'
    expect(await stage.database.query(waiting)).toEqual([])
    await post('x')
    await folded()
    expect(await shown('statement')).toContainEqual({ build: 1, slot: 'previous', state: 'ready' })
  } finally {
    await reader.end()
    await hasty.close()
  }
  await projector.builds.drop('statement', 'previous', by)
  expect(await shown('statement')).toEqual([{ build: 2, slot: 'live', state: 'live' }])
})

test('a promotion that has to wait holds up no other', async () => {
  const next = async (name: string): Promise<unknown> =>
    eventually(`${name} is ready`, async () =>
      (await builds(name)).some(({ slot, state }) => slot === 'next' && state === 'ready'),
    )
  await projector.builds.rebuild('accounts', true, by)
  await eventually('accounts has one that was live', async () =>
    (await builds('accounts')).some(({ slot }) => slot === 'previous'),
  )
  for (const name of ['accounts', 'books']) {
    await projector.builds.rebuild(name, false, by)
    await next(name)
  }
  await projector.close()
  await stage.database.query("update headwater.builds set promotes_itself = true where slot = 'next'")
  const reader = new pg.Client({ connectionString: stage.database.url })
  await reader.connect()
  await reader.query('begin')
  await reader.query('select count(*) from "accounts_v1$previous".accounts')
  const hasty = new Builds(stage.database.url, tables, fleetOf(tables), 1_000)
  try {
    await expect(hasty.advance()).rejects.toMatchObject({ code: 'unavailable' })
    const live = (await hasty.list()).filter(({ slot }) => slot === 'live')
    expect(live.find(({ projection }) => projection === 'accounts')?.build).toBe(2)
    expect(live.find(({ projection }) => projection === 'books')?.build).toBe(2)
  } finally {
    await reader.end()
    await hasty.close()
  }
})

describe('is refused with the reason', () => {
  const refused = (code: string, detail: RegExp): unknown =>
    expect.objectContaining({ code, detail: expect.stringMatching(detail) as string })

  test('what the builds do not allow', async () => {
    await expect(projector.builds.promote('books', by)).rejects.toEqual(refused('build-conflict', /no next build/))
    await expect(projector.builds.rollback('books', by)).rejects.toEqual(refused('build-conflict', /no previous build/))
    await expect(projector.builds.drop('books', 'next', by)).rejects.toEqual(refused('build-conflict', /no next build/))
    await expect(projector.builds.retry('books', by)).rejects.toEqual(refused('build-conflict', /not stopped/))
    await expect(projector.builds.skip('books', 7n, by)).rejects.toEqual(
      refused('build-conflict', /not stopped at position 7/),
    )
  })

  test('a projection that is not installed', async () => {
    await expect(projector.builds.rebuild('nothing', true, by)).rejects.toEqual(
      refused('not-found', /there are accounts, book_times, books, /),
    )
  })

  test('a second build at a time', async () => {
    await projector.builds.rebuild('books', false, by)
    await expect(projector.builds.rebuild('books', false, by)).rejects.toEqual(refused('build-conflict', /under way/))
  })
})
