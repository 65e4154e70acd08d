import pg from 'pg'
import { eventually, type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { all, idsOf, newRequest, newStream, requestedIds } from '../contract/requests.js'
import { type AppendRequest, StoreUnavailable } from '../port.js'

const QUEUE_MAX = 16

let database: ScratchDatabase
let writer: PostgresWriter

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter({ url: database.url, queue_max: QUEUE_MAX })
  await writer.leads()
})
afterEach(async () => {
  await writer.close()
  await database.drop()
})

interface Sent {
  readonly request: AppendRequest
  outcome: unknown
}

test('past the bound of the queue appends are refused at once, and what was accepted completes', async () => {
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('begin; lock table log.recent_names in exclusive mode')
  const requests = Array.from({ length: 3 * QUEUE_MAX }, () => newRequest(newStream()))
  const [first, ...rest] = requests.map((request): Sent => ({ request, outcome: undefined }))
  const send = async (each: Sent): Promise<void> => {
    each.outcome = await writer.store.append(each.request).catch((error: unknown) => error)
  }
  const sent = [send(first!)]
  await eventually('the first is on its way', () => writer.store.waiting === 0)
  sent.push(...rest.map(send))
  const refused = await eventually('the others are refused', () => {
    const failed = rest.filter(({ outcome }) => outcome instanceof StoreUnavailable)
    return failed.length === rest.length - QUEUE_MAX ? failed : undefined
  })
  expect(refused).toEqual(rest.slice(QUEUE_MAX))
  for (const { outcome } of refused) expect(outcome).toMatchObject({ retryable: true, overloaded: true })
  expect(writer.store.waiting).toBe(QUEUE_MAX)
  await blocker.query('commit')
  await blocker.end()
  await Promise.all(sent)
  for (const { outcome } of [first!, ...rest.slice(0, QUEUE_MAX)])
    expect(outcome).toMatchObject({ outcome: 'appended' })
  for (const each of refused) await send(each)
  for (const { outcome } of refused) expect(outcome).toMatchObject({ outcome: 'appended' })
  expect(idsOf(await all(writer.store.readAll()))).toEqual(requests.flatMap(requestedIds))
})
