import pg from 'pg'
import { type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { all, mustAppend, newRequest, newStream } from '../contract/requests.js'
import { StoreUnavailable } from '../port.js'

jest.setTimeout(60_000)

/** Of a command. */
const TIMEOUT_MS = 10_000

let database: ScratchDatabase
let writer: PostgresWriter

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter({ url: database.url })
  await writer.leads()
})
afterEach(async () => {
  await writer.close()
  await database.drop()
})

test('of a database that hangs, what commands read fails before they give up; a page of the log is waited for', async () => {
  const { store } = writer
  const request = newRequest(newStream())
  const { stream } = await mustAppend(store, request)
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('begin; lock table log.events in access exclusive mode')
  const begun_ms = performance.now()
  const log = all(store.readAll())
  const reads = await Promise.allSettled([all(store.readStream(stream)), store.recall(request.commandId)])
  expect(performance.now() - begun_ms).toBeLessThan(TIMEOUT_MS)
  expect(reads.map((each) => each.status === 'rejected' && each.reason instanceof StoreUnavailable)).toEqual([
    true,
    true,
  ])
  await blocker.query('commit')
  await blocker.end()
  expect(await log).toHaveLength(1)
})
