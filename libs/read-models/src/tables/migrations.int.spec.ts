import { ledger } from '#ledger'
import { eventually, scratchServers } from '#testing'
import { append } from '../fixtures/ledger-events.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { tablesOf } from './table.js'

const tables = tablesOf([ledger])

/** What the release before lanes had left: one checkpoint for each projection, and none of what came later. */
const BEFORE_LANES = [
  'drop function headwater.advance(text, int[], bigint[], bigint)',
  'drop function headwater.advance(text, int[], bigint[], bigint[], bigint)',
  'drop function headwater.must_hold',
  'drop table headwater.members, headwater.builds, headwater.lanes, headwater.projectors, headwater.fleets, headwater.skips, headwater.decisions',
  'drop function headwater.epochs_by_the_clock',
  'drop sequence headwater.epochs',
  "delete from headwater_migrations where name ~ '^ReadModel(Lanes|Advance|LiveAt|DecisionLane|Befores|Epochs)'",
  `create table headwater.checkpoints (projection text not null, version integer not null, partition integer not null,
    position bigint not null, epoch bigint not null, primary key (projection, version, partition))`,
]

async function toBeforeLanes(database: ProjectionStage['database'], position: number): Promise<void> {
  for (const sql of BEFORE_LANES) await database.query(sql)
  const versions = [...new Set(tables.map(({ projection }) => projection))]
  for (const { name, version } of versions)
    await database.query('insert into headwater.checkpoints values ($1, $2, 0, $3, 1)', [name, version, position])
}

test('read models of the release before lanes are folded on from their checkpoint', async () => {
  const stage = new ProjectionStage(await scratchServers())
  const { database, store } = stage
  const transactions = async (): Promise<unknown> =>
    (await database.query<{ transactions: number }>('select transactions from books_v1.books'))[0]?.transactions
  const post = async (id: string): Promise<void> => {
    const postings = ['a', 'b'].map((account, at) => ({ account, amount: at === 0 ? '1' : '-1', commodity: 'EUR' }))
    await append(store, 'x', { type: 'TransactionPosted', data: { id, date: '2026-01-01', postings } })
  }
  const before = await stage.projector([ledger])
  before.start()
  for (const id of ['1', '2']) await post(id)
  await eventually('it is folded', async () => (await transactions()) === 2)
  await before.close()

  await toBeforeLanes(database, 2)
  // As nobody would have folded it: whoever begins anew ends with another number.
  await database.query('update books_v1.books set transactions = 100')
  await post('3')
  const after = await stage.projector([ledger])
  after.start()
  await eventually('it is folded on', async () => (await transactions()) === 101)
  expect(await database.query('select count(*)::int as lines from statement_v3.lines')).toEqual([{ lines: 6 }])
  expect(await database.query("select to_regclass('headwater.checkpoints') as gone")).toEqual([{ gone: null }])
  expect((await after.builds.list()).every(({ slot, position }) => slot === 'live' && position === '3')).toBe(true)
  await stage.close()
})

test('a projector of the release before fences its batches as it did, while this one runs beside it', async () => {
  const stage = new ProjectionStage(await scratchServers())
  const { database } = stage
  await stage.projector([ledger])
  const advance = (epoch: number): Promise<unknown> =>
    database.query(
      'select headwater.advance(fleet, array[lane], array[$1::bigint], 7) from headwater.lanes where lane = 3',
      [epoch],
    )
  await expect(advance(1)).rejects.toMatchObject({ code: 'HW001' })
  await advance(0)
  expect(await database.query('select position from headwater.lanes where lane = 3')).toEqual([{ position: '7' }])
  await stage.close()
})
