import pg from 'pg'
import { LOCKS } from '#runtime'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger, SilentLink } from '#testing'
import { all } from '../contract/requests.js'
import { migrateNames } from '../eventstoredb/names/schema.js'
import { StoreUnavailable } from '../port.js'
import { PostgresReader } from './reader.js'
import { migrateLog } from './schema.js'

/** A database whose connections break without a word: its host is gone. The process goes on. */
let database: ScratchDatabase
let link: SilentLink
let blocker: pg.Client

beforeEach(async () => {
  database = await scratchDatabase()
  link = await SilentLink.open(database.url)
  blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
})
afterEach(async () => {
  await blocker.end()
  await link.close()
  await database.drop()
})

/** Until somebody waits behind the blocker's lock. */
const waits = (): Promise<unknown> =>
  eventually('a query waits', async () => {
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return (await database.query(waiting)).length > 0
  })

test('while a page is read: the read fails', async () => {
  await migrateLog(database.url)
  const reader = new PostgresReader({ url: link.url, pool_max: 1, logger: silentLogger() })
  await blocker.query('begin; lock table log.events in access exclusive mode')
  const read = all(reader.readAll()).catch((error: unknown) => error)
  await waits()
  link.cut()
  expect(await read).toBeInstanceOf(StoreUnavailable)
  await blocker.query('commit')
  expect(await all(reader.readAll())).toEqual([])
  await reader.close()
})

test.each([
  ['the log', LOCKS.logSchema, (url: string) => migrateLog(url)],
  ['the index of names', LOCKS.namesSchema, (url: string) => migrateNames(url, '')],
])('while %s is migrated: the migration fails with the reason', async (_, lock, migrate) => {
  await blocker.query('select pg_advisory_lock($1)', [lock])
  const migrating = migrate(link.url).catch((error: unknown) => error)
  await waits()
  link.cut()
  expect(await migrating).toMatchObject({ message: 'Connection terminated unexpectedly' })
})
