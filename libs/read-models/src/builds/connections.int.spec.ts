import pg from 'pg'
import { ledger } from '#ledger'
import { LOCKS } from '#runtime'
import { eventually, type ScratchDatabase, scratchDatabase } from '#testing'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { Builds } from './builds.js'
import { Connections } from './connections.js'
import { fleetOf } from './fleet.js'

let database: ScratchDatabase
let connections: Connections

beforeAll(async () => {
  database = await scratchDatabase()
})
afterAll(() => database.drop())
beforeEach(() => {
  connections = new Connections({ url: database.url, name: 'test', max: 1 })
})
afterEach(() => connections.close())

interface Seen {
  readonly pid: number
  readonly memory: string
}

async function look(by = connections): Promise<Seen> {
  const sql = "select pg_backend_pid() as pid, current_setting('maintenance_work_mem') as memory"
  const [seen] = await by.use(async (runner) => (await runner.query(sql)) as Seen[])
  return seen!
}

test('work that ends well leaves its connection to the next', async () => {
  expect((await look()).pid).toBe((await look()).pid)
})

test('what fails leaves nothing to the next: neither its settings nor what it holds', async () => {
  const before = await look()
  const failing = connections.use(async (runner) => {
    await runner.query("set maintenance_work_mem = '123MB'")
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  const after = await look()
  expect(after.memory).toBe(before.memory)
  expect(after.pid).not.toBe(before.pid)
})

test('what has no answer is given up, and the next does not wait for it', async () => {
  const impatient = new Connections({ url: database.url, name: 'test', max: 1, ms_max: 500 })
  await expect(impatient.use((runner) => runner.query('select pg_sleep(600)'))).rejects.toThrow('Query read timeout')
  await eventually('the next is answered', () => look(impatient))
  await impatient.close()
})

test('an operation that has to wait too long is not done', async () => {
  const tables = tablesOf([ledger])
  await migrateReadModels(database.url, tables)
  const builds = new Builds(database.url, tables, fleetOf(tables), 2_000)
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('select pg_advisory_lock($1)', [LOCKS.operation])
  const by = { actor: 'tester', action: 'rebuild' }
  await expect(builds.rebuild('books', false, by)).rejects.toMatchObject({ code: 'unavailable', status: 503 })
  await other.end()
  await builds.close()
  const patient = new Builds(database.url, tables, fleetOf(tables), 60_000)
  expect((await patient.list()).filter(({ slot }) => slot === 'next')).toEqual([])
  await patient.rebuild('books', false, by)
  await patient.close()
})

test('an operation whose connection the server ends is no bug', async () => {
  const tables = tablesOf([ledger])
  await migrateReadModels(database.url, tables)
  const builds = new Builds(database.url, tables, fleetOf(tables))
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('select pg_advisory_lock($1)', [LOCKS.operation])
  const retried = expect(builds.retry('books', { actor: 'tester', action: 'retry' })).rejects.toMatchObject({
    ...{ code: 'unavailable', status: 503 },
  })
  const ended = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'headwater builds' and wait_event_type = 'Lock'`
  await eventually('it waits for the lock, and is ended', async () => (await other.query(ended)).rowCount === 1)
  await retried
  await other.end()
  expect((await builds.list()).length).toBeGreaterThan(0)
  await builds.close()
})
