import { eventually, type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { mustAppend, newRequest, newStream } from '../../contract/requests.js'
import { type AppendRequest } from '../../port.js'

/** The least there is: a slot for each bucket. */
const NAMES_PER_RUN = 512

let database: ScratchDatabase
let writer: PostgresWriter

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await opened()
})
afterEach(async () => {
  await writer.close()
  await database.drop()
})

const standing = (holder = 'writer-1'): Promise<PostgresWriter> =>
  postgresWriter({ url: database.url, holder, names_per_run: NAMES_PER_RUN })

async function opened(): Promise<PostgresWriter> {
  const another = await standing()
  await another.leads()
  return another
}

/** How many runs of each level there are. */
const levels = (): Promise<{ level: number; runs: number }[]> =>
  database.query('select level, count(*)::int as runs from log.name_runs group by level order by level')

const runs = async (): Promise<number> => (await database.query('select 1 from log.name_runs')).length

/** Appends with a key, a claim and half of them with a stream of their own: two or three names each. */
async function appendMany(count: number): Promise<AppendRequest[]> {
  const shared = newStream()
  const requests = Array.from({ length: count }, (_, at) => {
    const stream = at % 2 === 0 ? newStream() : shared
    return newRequest(stream, { claims: [{ stream, name: `once-${at}` }] })
  })
  for (let at = 0; at < count; at += 50)
    await Promise.all(requests.slice(at, at + 50).map((each) => mustAppend(writer.store, each)))
  return requests
}

async function checkAllKnown(requests: readonly AppendRequest[]): Promise<void> {
  for (const request of requests) {
    const again = await writer.store.append(request)
    expect(again.outcome).toBe('replayed')
    const { outcome: _, ...place } = again
    expect(await writer.store.recall(request.commandId)).toEqual({ ...place, requestHash: request.requestHash })
    const { stream } = request.commandId
    const claimed = await writer.store.append(newRequest(stream, { claims: request.claims ?? [] }))
    expect(claimed).toMatchObject({ outcome: 'claimed', place, requestHash: request.requestHash })
  }
}

test('names in sealed runs are known as those in memory are, before and after another term', async () => {
  const requests = await appendMany(600)
  await eventually('runs are sealed', async () => (await runs()) >= 2)
  const head = await writer.store.head()
  await checkAllKnown(requests.filter((_, at) => at % 7 === 0))
  await writer.close()
  writer = await opened()
  await checkAllKnown(requests.filter((_, at) => at % 5 === 0))
  expect(await writer.store.head()).toBe(head)
})

test('names in runs that were merged are known, to the writer that merged them and to one that stood by', async () => {
  const standby = await standing('writer-2')
  const requests = await appendMany(2_000)
  await eventually('eight runs are one', async () => (await levels()).some(({ level }) => level === 1))
  await checkAllKnown(requests.filter((_, at) => at % 31 === 0))
  await writer.close()
  writer = standby
  await writer.leads()
  await checkAllKnown(requests.filter((_, at) => at % 29 === 0))
  await eventually('nothing is left of the small ones', async () => {
    const [left] = await database.query<{ left: number }>(`select count(*)::int as left from log.name_slices s
      where not exists (select from log.name_runs r where r.level = s.level and r.last_position = s.run)`)
    return left?.left === 0 && ((await levels()).find(({ level }) => level === 0)?.runs ?? 0) < 8
  })
  await checkAllKnown(requests.filter((_, at) => at % 37 === 0))
})

test('a sealed name leaves nothing behind in the lists of recent ones but the end of the log', async () => {
  await appendMany(600)
  await eventually('runs are sealed', async () => (await runs()) >= 2)
  const [{ sealed } = { sealed: '0' }] = await database.query<{ sealed: string }>(
    'select max(last_position) as sealed from log.name_runs',
  )
  expect(await database.query('select 1 from log.recent_names where position < $1', [sealed])).toEqual([])
})

test('a stream whose first event is in a sealed run goes on where it ended', async () => {
  const stream = newStream()
  await mustAppend(writer.store, newRequest(stream, { expected: 'none' }))
  await appendMany(400)
  await eventually('a run is sealed', async () => (await runs()) >= 1)
  await writer.close()
  writer = await opened()
  expect(await writer.store.append(newRequest(stream, { expected: 'none' }))).toMatchObject({ outcome: 'conflict' })
  expect((await mustAppend(writer.store, newRequest(stream, { expected: 0n }))).revision).toBe(1n)
})
