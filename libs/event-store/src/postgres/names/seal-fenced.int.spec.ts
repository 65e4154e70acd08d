import pg from 'pg'
import {
  eventually,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
} from '#testing'
import { all, idsOf, mustAppend, newRequest, newStream, requestedIds } from '../../contract/requests.js'
import { type AppendRequest, type AppendResult, StoreUnavailable } from '../../port.js'
import { holdSql } from '../commit.js'
import { HASH_BYTES } from '../../log/name-hash.js'
import { NameTable } from '../../log/name-table.js'
import { Names } from './names.js'
import { RunSet } from './run-set.js'
import { sealRun } from './run-store.js'

const NAMES_PER_RUN = 512
/** Two names are reserved for each: as many as one run holds. */
const NEXT_BATCH = NAMES_PER_RUN / 2

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

async function opened(): Promise<PostgresWriter> {
  const another = await postgresWriter({ url: database.url, names_per_run: NAMES_PER_RUN })
  await another.leads()
  return another
}

/** The writer's commit waits behind somebody's lock until its backend is ended. */
async function killCommitThatWaits(): Promise<void> {
  const waits = `from pg_stat_activity where application_name like 'headwater event-writer %'
    and wait_event_type = 'Lock' and datname = current_database()`
  await eventually('the commit waits', async () => (await database.query(`select 1 ${waits}`)).length > 0)
  expect(await database.query(`select pg_terminate_backend(pid) ${waits}`)).toHaveLength(1)
}

/** As a client does, but not for ever. */
async function insist(request: AppendRequest): Promise<AppendResult> {
  for (let attempt = 1; ; attempt += 1) {
    await writer.leads()
    const result = await writer.store.append(request).catch((error: unknown) => error as Error)
    if (!(result instanceof Error)) return result
    if (!(result instanceof StoreUnavailable) || attempt === 5) throw result
  }
}

interface TwoBatches {
  readonly stream: string
  /** Waits for the blocker, at the end of a run. */
  readonly first: readonly AppendRequest[]
  /** Sent behind it: its names need the next run. */
  readonly behind: readonly AppendRequest[]
  readonly outcomes: Promise<readonly string[]>
  readonly blocker: pg.Client
}

/** Two batches in flight, the first of which fills a run and is not committed yet. */
async function twoInFlight(): Promise<TwoBatches> {
  const stream = newStream()
  await mustAppend(writer.store, newRequest(stream))
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('begin; lock table log.events_1 in share mode')
  const send = async (requests: readonly AppendRequest[]): Promise<string[]> => {
    const settled = await Promise.allSettled(requests.map((each) => writer.store.append(each)))
    return settled.map(({ status }) => status)
  }
  const first = Array.from({ length: 10 }, () => newRequest(stream))
  const sent = send(first)
  await eventually('the first is on its way', () => writer.store.waiting === 0)
  const behind = Array.from({ length: NEXT_BATCH }, () => newRequest(stream))
  const outcomes = Promise.all([sent, send(behind)]).then((each) => each.flat())
  await eventually('the other is on its way', () => writer.store.waiting === 0)
  return { stream, first, behind, outcomes, blocker }
}

test('names of a batch that fails are not sealed, though the batch behind it finds no room without that', async () => {
  const { stream, first, behind, outcomes, blocker } = await twoInFlight()
  await killCommitThatWaits()
  await blocker.end()
  expect(new Set(await outcomes)).toEqual(new Set(['rejected']))
  const requests = [...first, ...behind]
  for (const each of requests) expect(await insist(each)).toMatchObject({ outcome: 'appended' })
  expect(idsOf(await all(writer.store.readAll())).slice(1)).toEqual(requests.flatMap(requestedIds))
  await writer.close()
  writer = await opened()
  for (const each of requests) expect(await insist(each)).toMatchObject({ outcome: 'replayed' })
  await mustAppend(writer.store, newRequest(stream))
})

test('they are sealed once it is committed, in the same term', async () => {
  const { first, behind, outcomes, blocker } = await twoInFlight()
  const lost: string[] = []
  const stop = writer.store.onLeading((epoch) => {
    if (epoch === undefined) lost.push('the term')
  })
  await blocker.query('commit')
  await blocker.end()
  expect(new Set(await outcomes)).toEqual(new Set(['fulfilled']))
  const last = await eventually('a run is sealed', async () => {
    const [run] = await database.query<{ last: string }>('select last_position as last from log.name_runs')
    return run?.last
  })
  expect(last).toBe('11')
  for (const each of [...first, ...behind]) expect(await insist(each)).toMatchObject({ outcome: 'replayed' })
  stop()
  expect(lost).toEqual([])
})

test('a seal begins only when the batch before it is committed', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const hold = jest.fn((_last: number) => 'select 1')
  const given = { url: database.url, connectionName: 'seal', logger: silentLogger(), names_per_run: NAMES_PER_RUN }
  const names = await Names.load(client, new RunSet(), { ...given, hold })
  names.add(Buffer.alloc(HASH_BYTES, 1), 1)
  await names.reserve(NAMES_PER_RUN, Promise.reject(new Error('the batch failed')))
  await expect(names.reserve(NAMES_PER_RUN + 1)).rejects.toThrow('the batch failed')
  // But for the statement that holds the term for merging.
  expect(hold.mock.calls).toEqual([[0]])
  await client.end()
})

describe('the database, which has three batches,', () => {
  let client: pg.Client
  let epoch: bigint
  beforeEach(async () => {
    const stream = newStream()
    for (let count = 0; count < 3; count += 1) await mustAppend(writer.store, newRequest(stream))
    epoch = writer.leadership.epoch ?? 0n
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
  })
  afterEach(() => client.end())

  const seal = (last: number): ReturnType<typeof sealRun> =>
    sealRun(client, holdSql({ name: 'event-writer', epoch }, last), last, new NameTable(NAMES_PER_RUN))
  const recent = (): Promise<{ position: string }[]> =>
    database.query('select position from log.recent_names order by position')
  const runs = (): Promise<unknown[]> => database.query('select 1 from log.name_runs')

  /** @param code of the database's error. */
  async function refusesToSeal(last: number, code: string): Promise<void> {
    await expect(seal(last)).rejects.toMatchObject({ code })
    await client.query('rollback')
    expect(await recent()).toHaveLength(3)
    expect(await runs()).toEqual([])
  }

  test('refuses a seal of what is not committed, and keeps all that it would have forgotten', async () => {
    await refusesToSeal(4, 'HW002')
    await seal(3)
    expect(await recent()).toEqual([{ position: '3' }])
    expect(await runs()).toHaveLength(1)
  })

  test('refuses a seal under a stale epoch, which changes nothing', async () => {
    await database.query('update log.leases set epoch = epoch + 1')
    await refusesToSeal(3, 'HW001')
  })
})
