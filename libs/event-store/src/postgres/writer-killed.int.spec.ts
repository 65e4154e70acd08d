import pg from 'pg'
import { eventually, type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { all, idsOf, mustAppend, newEvents, newRequest, newStream, requestedIds } from '../contract/requests.js'
import { type AppendPlace, type AppendRequest, StoreUnavailable } from '../port.js'
import { CopyQuery } from './copy-query.js'

let database: ScratchDatabase
let writer: PostgresWriter

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
})
afterEach(async () => {
  jest.restoreAllMocks()
  await writer.close()
  await database.drop()
})

/** @returns how many backends of the writer's term were ended. */
async function killBackend(): Promise<number> {
  const sql = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name like 'headwater event-writer %' and datname = current_database()`
  return (await database.query(sql)).length
}

/** As a client does: the same request again, until somebody knows what became of it. */
async function insist(request: AppendRequest): Promise<{ place: AppendPlace; outcome: string; failures: number }> {
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await writer.store.append(request)
      if (result.outcome !== 'appended' && result.outcome !== 'replayed')
        throw new Error(`an append to anywhere came to ${result.outcome}`)
      const { outcome, stream, revision, position } = result
      return { place: { stream, revision, position }, outcome, failures }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      await writer.leads()
    }
  }
}

async function checkLog(requests: readonly AppendRequest[], places: readonly AppendPlace[]): Promise<void> {
  const events = await all(writer.store.readAll())
  expect(idsOf(events).sort()).toEqual(requests.flatMap(requestedIds).sort())
  expect(events.map(({ position }) => position)).toEqual(events.map((_, at) => BigInt(at + 1)))
  const next = new Map<string, bigint>()
  for (const { stream, revision } of events) {
    expect(revision).toBe(next.get(stream) ?? 0n)
    next.set(stream, revision + 1n)
  }
  const byId = new Map(
    events.map(({ id, stream, revision, position }) => [id, { stream, revision, position }] as const),
  )
  expect(places).toEqual(requests.map((each) => byId.get(requestedIds(each).at(-1) ?? '')))
}

test('a backend killed again and again under load: everything acknowledged is there, once', async () => {
  const streams = Array.from({ length: 8 }, newStream)
  const requests: AppendRequest[] = []
  const answers: ReturnType<typeof insist>[] = []
  let kills = 0
  for (let round = 0; round < 12; round += 1) {
    const mine = Array.from({ length: 150 }, (_, at) =>
      newRequest(streams[(round + at) % 8] ?? '', { events: newEvents(1 + (at % 3)) }),
    )
    requests.push(...mine)
    answers.push(...mine.map(insist))
    await writer.leads()
    kills += await killBackend()
  }
  const settled = await Promise.all(answers)
  expect(kills).toBeGreaterThan(0)
  expect(settled.some(({ failures }) => failures > 0)).toBe(true)
  await checkLog(
    requests,
    settled.map(({ place }) => place),
  )
})

test('a batch killed before its commit is not there; its retry is appended', async () => {
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('begin; lock table log.recent_names in exclusive mode')
  const request = newRequest(newStream(), { events: newEvents(2) })
  const first = writer.store.append(request)
  const refused = expect(first).rejects.toThrow(StoreUnavailable)
  await eventually('the commit waits', async () => {
    const sql = `select 1 from pg_stat_activity where application_name like 'headwater event-writer %'
      and wait_event_type = 'Lock' and datname = current_database()`
    return (await database.query(sql)).length > 0
  })
  expect(await killBackend()).toBe(1)
  await refused
  expect(await database.query('select 1 from log.events')).toHaveLength(0)
  await blocker.end()
  const { outcome, place } = await insist(request)
  expect(outcome).toBe('appended')
  await checkLog([request], [place])
})

test('a batch killed after its commit and before its answer is there; its retry is a replay', async () => {
  const original = CopyQuery.run.bind(CopyQuery)
  const losing = jest.spyOn(CopyQuery, 'run').mockImplementationOnce(async (...args) => {
    await original(...args)
    throw new Error('Connection terminated unexpectedly')
  })
  const stream = newStream()
  const request = newRequest(stream, { expected: 'none', claims: [{ stream, name: 'once' }] })
  await expect(writer.store.append(request)).rejects.toThrow(StoreUnavailable)
  expect(losing).toHaveBeenCalledTimes(1)
  const { outcome, place } = await insist(request)
  expect(outcome).toBe('replayed')
  await checkLog([request], [place])
  expect((await mustAppend(writer.store, newRequest(stream, { expected: 0n }))).position).toBe(2n)
})
