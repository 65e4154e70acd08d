import pg from 'pg'
import { type ScratchDatabase, scratchDatabase, silentLogger, testPool } from '#testing'
import { UpdateRoom } from './update-room.js'

let database: ScratchDatabase
let pool: pg.Pool
let room: UpdateRoom

beforeEach(async () => {
  database = await scratchDatabase()
  pool = testPool(database.url, 1)
  await pool.query(`
    create schema "mine_v1$next";
    create table "mine_v1$next".few as select n, 0 as value from generate_series(1, 10) n;
    create table "mine_v1$next".large as select n, 0 as value, repeat(md5(n::text), 60) as text from generate_series(1, 20000) n;
    create table "mine_v1$next".seldom as select n, 0 as value from generate_series(1, 20000) n;
    create table public.others as select n, 0 as value from generate_series(1, 10) n;
    analyze "mine_v1$next".large`)
  room = new UpdateRoom({ pool, schemas: ['mine_v1', 'mine_v1$next'], logger: silentLogger(), every_ms: 0 })
})
afterEach(async () => {
  await pool.end()
  await database.drop()
})

/** Each of the first ten rows so often; and what was counted is told. */
async function update(table: string, times: number): Promise<void> {
  const again = `update ${table} set value = value + 1 where n <= 10; commit;`
  await pool.query(`do $$ begin for time in 1..${times} loop ${again} end loop; end $$`)
  await pool.query('select pg_stat_force_next_flush()')
}

const filled = (): Promise<unknown> =>
  database.query(
    `select relname, reloptions from pg_class where relname in ('few', 'large', 'others', 'seldom') order by 1`,
  )

test('a small table whose rows change often gets room, and no other', async () => {
  await update('"mine_v1$next".few', 1)
  await room.look()
  expect(await filled()).toEqual(['few', 'large', 'others', 'seldom'].map((relname) => ({ relname, reloptions: null })))
  await update('"mine_v1$next".few', 300)
  await update('"mine_v1$next".large', 300)
  await update('"mine_v1$next".seldom', 1)
  await update('public.others', 300)
  await room.look()
  expect(await filled()).toEqual([
    { relname: 'few', reloptions: ['fillfactor=10'] },
    { relname: 'large', reloptions: null },
    { relname: 'others', reloptions: null },
    { relname: 'seldom', reloptions: null },
  ])
})

test('whoever holds the table is not waited for, and it is done another time', async () => {
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await room.look()
  await update('"mine_v1$next".few', 300)
  await other.query('begin; lock table "mine_v1$next".few in share mode')
  await room.look()
  expect(await filled()).toContainEqual({ relname: 'few', reloptions: null })
  await other.query('rollback')
  await update('"mine_v1$next".few', 300)
  await room.look()
  expect(await filled()).toContainEqual({ relname: 'few', reloptions: ['fillfactor=10'] })
  await other.end()
})

test('a table whose primary key is being made is not waited for, and the others get room', async () => {
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await room.look()
  await update('"mine_v1$next".few', 300)
  await other.query('begin; lock table "mine_v1$next".seldom in access exclusive mode')
  await room.look()
  expect(await filled()).toContainEqual({ relname: 'few', reloptions: ['fillfactor=10'] })
  await other.end()
})

test('a table that had room and has grown large is dense again', async () => {
  await room.look()
  await update('"mine_v1$next".few', 300)
  await room.look()
  expect(await filled()).toContainEqual({ relname: 'few', reloptions: ['fillfactor=10'] })
  await pool.query('insert into "mine_v1$next".few select n, 0 from generate_series(11, 200) n')
  await pool.query('analyze "mine_v1$next".few')
  const small = new UpdateRoom({
    ...{ pool, schemas: ['mine_v1$next'], logger: silentLogger() },
    ...{ every_ms: 0, size_mib_max: 0.001 },
  })
  await small.look()
  expect(await filled()).toContainEqual({ relname: 'few', reloptions: ['fillfactor=100'] })
})
