import pg from 'pg'
import { eventually, type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { mustAppend, newRequest, newStream } from '../../contract/requests.js'
import { type AppendRequest, StoreUnavailable } from '../../port.js'

let database: ScratchDatabase
let writer: PostgresWriter
let blocker: pg.Client

async function opened(patience_ms: number): Promise<PostgresWriter> {
  // Renewed often, so that it notices that the lease was taken.
  const another = await postgresWriter({ url: database.url, names_per_run: 512, renew_ms: 250, patience_ms })
  await another.leads()
  return another
}

beforeEach(async () => {
  database = await scratchDatabase()
  // Longer than any test takes.
  writer = await opened(60_000)
  blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
})
afterEach(async () => {
  await blocker.end()
  await writer.close()
  await database.drop()
})

/** Until a query waits behind the blocker's lock. */
const waits = (): Promise<unknown> =>
  eventually('a lookup waits', async () => {
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return (await database.query(waiting)).length > 0
  })

/** An append whose names are no longer in memory: two runs of 512 came after it, two names an append. */
async function longAgo(): Promise<AppendRequest> {
  const early = newRequest(newStream())
  await mustAppend(writer.store, early)
  for (let round = 0; round < 12; round += 1)
    await Promise.all(Array.from({ length: 50 }, () => mustAppend(writer.store, newRequest(newStream()))))
  await eventually('runs are sealed', async () => (await database.query('select 1 from log.name_runs')).length >= 2)
  return early
}

test('a lookup that fails is felt by its own append only, which may ask again', async () => {
  const early = await longAgo()
  const before = writer.leadership.epoch
  await blocker.query('begin; lock table log.name_blocks in access exclusive mode')
  const failing = writer.store.append(early).catch((error: unknown) => error)
  const together = Array.from({ length: 5 }, () => mustAppend(writer.store, newRequest(newStream())))
  await waits()
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
  )
  expect(await failing).toMatchObject({ name: 'StoreUnavailable', retryable: true })
  await Promise.all(together)
  expect(writer.leadership.epoch).toBe(before)
  await blocker.query('commit')
  expect(await writer.store.append(early)).toMatchObject({ outcome: 'replayed', position: 1n })
})

test('a lookup that hangs keeps nobody of the next term waiting', async () => {
  const early = await longAgo()
  const before = writer.leadership.epoch

  await blocker.query('begin; lock table log.name_blocks in access exclusive mode')
  const hanging = writer.store.append(early).catch((error: unknown) => error)
  await waits()
  await database.query("update log.leases set epoch = epoch + 1, expires_at = '-infinity'")
  await eventually('it leads again', () => writer.store.leads && writer.leadership.epoch !== before)
  const next = writer.store.append(newRequest(newStream())).then(({ outcome }) => outcome)
  expect(await Promise.race([hanging, next])).toBe('appended')

  await blocker.query('commit')
  expect(await hanging).toMatchObject({ outcome: 'replayed', position: 1n })
})

test('a lookup that hangs fails when it was waited for long enough', async () => {
  const early = await longAgo()
  await writer.close()
  writer = await opened(300)
  await blocker.query('begin; lock table log.name_blocks in access exclusive mode')
  await expect(writer.store.append(early)).rejects.toBeInstanceOf(StoreUnavailable)
})
