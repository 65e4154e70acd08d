import pg from 'pg'
import { LOCKS } from '#runtime'
import { eventually, type ScratchDatabase, scratchDatabase, SilentLink } from '#testing'
import { migrateProcesses } from './schema.js'

let database: ScratchDatabase
let link: SilentLink

beforeEach(async () => {
  database = await scratchDatabase()
  link = await SilentLink.open(database.url)
})
afterEach(async () => {
  await link.close()
  await database.drop()
})

test('a database that goes away while it is migrated fails the migration with the reason', async () => {
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('select pg_advisory_lock($1)', [LOCKS.readModelsSchema])
  const migrating = migrateProcesses(link.url).catch((error: unknown) => error)
  await eventually('it waits', async () => {
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return (await database.query(waiting)).length > 0
  })
  link.cut()
  expect(await migrating).toMatchObject({ message: 'Connection terminated unexpectedly' })
  await blocker.end()
})
