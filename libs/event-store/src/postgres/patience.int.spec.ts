import pg from 'pg'
import { type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { all, mustAppend, newRequest, newStream } from '../contract/requests.js'
import { StoreUnavailable } from '../port.js'

let database: ScratchDatabase
let writer: PostgresWriter

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter({ url: database.url, patience_ms: 300 })
  await writer.leads()
})
afterEach(async () => {
  await writer.close()
  await database.drop()
})

test('of a database that hangs, what commands read is not waited for; a page of the log is', async () => {
  const { store } = writer
  const request = newRequest(newStream())
  const { stream } = await mustAppend(store, request)
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('begin; lock table log.events in access exclusive mode')
  const log = all(store.readAll())
  const reads = await Promise.allSettled([all(store.readStream(stream)), store.recall(request.commandId)])
  expect(reads.map((each) => each.status === 'rejected' && each.reason instanceof StoreUnavailable)).toEqual([
    true,
    true,
  ])
  await blocker.query('commit')
  await blocker.end()
  expect(await log).toHaveLength(1)
})
