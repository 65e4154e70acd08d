import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import { eventually, type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { type RecordedEvent } from '#domain-kit'
import { all, idsOf, mustAppend, newEvents, newRequest, newStream } from '../../contract/requests.js'
import { smallPartitions } from '../../fixtures/small-partitions.js'
import { type AppendRequest, EventsArchived } from '../../port.js'
import { archivePartitions } from './archive-partition.js'
import { dropArchived } from './drop-archived.js'
import { listPartitions } from './list-partitions.js'
import { restorePartition } from './restore-partition.js'

const SIZE = 100

let database: ScratchDatabase
let folder: string
let writer: PostgresWriter

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-archive-'))
  database = await scratchDatabase()
  await smallPartitions(database.url, SIZE, 3)
  writer = await postgresWriter(database)
  await writer.leads()
})
afterEach(async () => {
  await writer.close()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function anotherTerm(): Promise<void> {
  await writer.close()
  writer = await postgresWriter(database)
  await writer.leads()
}

/** One event each, with a claim: the first `old` to a stream that then rests, all others to one that goes on. */
async function fill(old: string, live: string, count: number): Promise<AppendRequest[]> {
  const requests = Array.from({ length: count }, (_, at) => {
    const stream = at < 10 ? old : live
    return newRequest(stream, { claims: [{ stream, name: `once-${at}` }], events: newEvents(1) })
  })
  // Sent in one turn, they stand in the log in this order.
  await Promise.all(requests.map((each) => mustAppend(writer.store, each)))
  return requests
}

const archive = (before: number): ReturnType<typeof archivePartitions> =>
  archivePartitions({ url: database.url, to: folder, which: { before: BigInt(before) } })

async function checkNames(requests: readonly AppendRequest[], events: readonly RecordedEvent[]): Promise<void> {
  for (const [at, request] of requests.entries()) {
    const { stream = '', revision = 0n, position = 0n } = events[at] ?? {}
    const place = { stream, revision, position }
    const { commandId, requestHash, claims = [] } = request
    expect(await writer.store.append(request)).toEqual({ outcome: 'replayed', ...place })
    expect(await writer.store.recall(commandId)).toEqual({ ...place, requestHash })
    const reused = newRequest(stream, { commandId })
    expect(await writer.store.append(reused)).toEqual({ outcome: 'mismatch', position })
    const claimed = await writer.store.append(newRequest(stream, { claims }))
    expect(claimed).toEqual({ outcome: 'claimed', claim: claims[0], requestHash, place })
  }
}

test('names outlive their events: a retry is answered as it was, and what was claimed stays so, in this term and the next', async () => {
  const requests = await fill(newStream(), newStream(), 250)
  const events = await all(writer.store.readAll())
  expect(await archive(201)).toMatchObject([
    { name: 'events_1', first: 1n, last: 100n },
    { name: 'events_101', first: 101n, last: 200n },
  ])
  const some = (_: unknown, at: number): boolean => at % 7 === 0
  await checkNames(requests.filter(some), events.filter(some))
  await anotherTerm()
  await checkNames(requests.filter(some), events.filter(some))
  expect(await writer.store.head()).toBe(250n)
})

test('a stream whose events are all archived goes on where it ended', async () => {
  const [old, live] = [newStream(), newStream()]
  await fill(old, live, 120)
  const last = (await all(writer.store.readStream(old))).at(-1)
  await archive(101)
  await anotherTerm()
  const { store } = writer
  expect(await store.append(newRequest(old, { expected: 'none' }))).toMatchObject({ outcome: 'conflict', revision: 9n })
  expect(await store.append(newRequest(old, { expected: 3n }))).toMatchObject({ outcome: 'conflict', tail: undefined })
  expect(await store.append(newRequest(old, { expected: 9n, tip: randomUUID() }))).toMatchObject({
    outcome: 'conflict',
  })
  const tip = last?.id ?? ''
  expect(await mustAppend(store, newRequest(old, { expected: 9n, tip }))).toMatchObject({ revision: 10n })
  expect(await mustAppend(store, newRequest(old, { expected: 'exists' }))).toMatchObject({ revision: 11n })
  expect((await all(store.readStream(old, { from: 10n }))).map(({ revision }) => revision)).toEqual([10n, 11n])
})

test('reading what is archived fails and says where it is; reading what is not goes on', async () => {
  const [old, live] = [newStream(), newStream()]
  await fill(old, live, 250)
  const events = await all(writer.store.readAll())
  await archive(101)
  const { store } = writer
  const refused = async (reading: AsyncIterable<unknown>, name = 'events_1'): Promise<void> => {
    const failed = await all(reading).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(EventsArchived)
    expect(failed).toMatchObject({ retryable: false, archive: { name, file: join(folder, `${name}.ndjson.gz`) } })
  }
  await refused(store.readAll())
  await refused(store.readAll({ after: 99n }))
  await refused(store.readAll({ direction: 'backwards' }))
  await refused(store.readStream(old))
  await refused(store.readStream(old, { direction: 'backwards', limit: 1 }))
  await refused(store.readStream(live))
  await refused(store.readStream(live, { from: 89n }))
  await refused(store.readStream(live, { direction: 'backwards' }))
  await refused(store.subscribe({ after: 0n }))
  const rest = idsOf(events.slice(100))
  expect(idsOf(await all(store.readAll({ after: 100n })))).toEqual(rest)
  expect(idsOf(await all(store.readAll({ direction: 'backwards', limit: 150 })))).toEqual([...rest].reverse())
  expect(idsOf(await all(store.readStream(live, { from: 90n })))).toEqual(rest)
  expect(idsOf(await all(store.readStream(live, { direction: 'backwards', limit: 1 })))).toEqual(rest.slice(-1))
  expect(await all(store.readStream(old, { from: 10n }))).toEqual([])
  expect(await all(store.readStream(newStream()))).toEqual([])
  for await (const batch of store.subscribe({ after: 100n })) {
    expect(batch).toMatchObject({ after: 100n, position: 250n })
    break
  }
})

test('the file holds every event as events tail prints it, with its schema version beside', async () => {
  const stream = newStream()
  const data = { text: 'back\\slash, tab\t, line\n, "quoted", é, \u2028', deep: [{ n: 1.5 }] }
  const [event] = newEvents(1)
  await mustAppend(writer.store, newRequest(stream, { events: [{ ...event!, data }] }))
  await fill(newStream(), newStream(), 120)
  const [first] = await all(writer.store.readAll())
  await archive(101)
  const text = gunzipSync(await readFile(join(folder, 'events_1.ndjson.gz'))).toString()
  const lines = text.trimEnd().split('\n')
  expect(lines).toHaveLength(SIZE)
  const { position, revision, type, version, id, time, metadata } = first!
  const place = { position: position.toString(), stream, revision: revision.toString() }
  expect(JSON.parse(lines[0] ?? '')).toEqual({ ...place, type, version, id, time, data, metadata })
  expect(lines.map((line) => (JSON.parse(line) as { position: string }).position)).toEqual(
    lines.map((_, at) => String(at + 1)),
  )
})

test('the newest partition, one that is not full, and one that is not the oldest stay', async () => {
  await fill(newStream(), newStream(), 99)
  await expect(archive(101)).rejects.toThrow('events_1 is not full, or the log ends with it')
  await mustAppend(writer.store, newRequest(newStream()))
  await expect(archive(101)).rejects.toThrow('events_1 is not full, or the log ends with it')
  await mustAppend(writer.store, newRequest(newStream()))
  const { url } = database
  await expect(archivePartitions({ url, to: folder, which: { partition: 'events_101' } })).rejects.toThrow(
    'that is events_1, not events_101',
  )
  expect(await archivePartitions({ url, to: folder, which: { partition: 'events_1' } })).toHaveLength(1)
  await expect(archive(101)).rejects.toThrow('no partition in the log ends before position 101')
})

test('appends and subscribers do not wait for a partition that cannot leave yet, and what was begun is ended later', async () => {
  await fill(newStream(), newStream(), 120)
  const reading = new pg.Client({ connectionString: database.url })
  await reading.connect()
  await reading.query('begin; select count(*) from log.events')
  const given = { url: database.url, to: folder, which: { before: 101n } }
  const stop = new AbortController()
  const seen: bigint[] = []
  const following = (async () => {
    for await (const { events } of writer.store.subscribe({ after: 120n, signal: stop.signal }))
      seen.push(...events.map(({ position }) => position))
  })()
  await expect(archivePartitions({ ...given, patience_ms: 1 })).rejects.toThrow(
    'a transaction that may read it is open',
  )
  await fill(newStream(), newStream(), 30)
  await eventually('the subscriber has seen what was appended meanwhile', () => seen.at(-1) === 150n)
  const again = archivePartitions(given)
  await fill(newStream(), newStream(), 30)
  await reading.query('commit')
  await reading.end()
  expect(await again).toMatchObject([{ name: 'events_1' }])
  await fill(newStream(), newStream(), 30)
  await eventually('the subscriber has seen all', () => seen.at(-1) === 210n)
  stop.abort()
  await following
  expect(seen).toEqual(seen.map((_, at) => BigInt(121 + at)))
})

test.each(['the table', 'the file'])('what was archived comes back from %s', async (from) => {
  const [old, live] = [newStream(), newStream()]
  const requests = await fill(old, live, 250)
  const events = await all(writer.store.readAll())
  await archive(201)
  if (from === 'the file')
    expect(await dropArchived(database.url, { before: 201n })).toEqual(['events_1', 'events_101'])
  const { url } = database
  await expect(restorePartition({ url, partition: 'events_1' })).rejects.toThrow('that is events_101, not events_1')
  await restorePartition({ url, partition: 'events_101' })
  expect(await all(writer.store.readAll({ after: 100n }))).toEqual(events.slice(100))
  await expect(all(writer.store.readStream(live))).rejects.toThrow(EventsArchived)
  for (const stream of [live, old])
    await expect(all(writer.store.readStream(stream, { direction: 'backwards', from: 5n }))).rejects.toThrow(
      EventsArchived,
    )
  expect(await all(writer.store.readStream(live, { from: 90n }))).toEqual(events.slice(100))
  await restorePartition({ url, partition: 'events_1' })
  expect(await all(writer.store.readAll())).toEqual(events)
  expect(await all(writer.store.readStream(old))).toEqual(events.slice(0, 10))
  await anotherTerm()
  await checkNames(requests.slice(0, 20), events.slice(0, 20))
  for (const table of ['archives', 'archived_commands', 'archived_streams'])
    expect(await database.query(`select * from log.${table}`)).toEqual([])
  expect(await archive(201)).toHaveLength(2)
})

/** JSON that others stumble over: ends of lines for some, NUL, half a surrogate pair, digits beyond a double, keys that look like ours. */
const AWKWARD = {
  text: 'a\u2028b\u2029c\u0085d\re\nf\0g\ud800h\\"\\\\',
  metadata: { data: [{ metadata: '","metadata":{"' }] },
  1: [0.1, 1e21],
}

test('an event comes back from the file byte for byte, whatever its JSON holds', async () => {
  const [stream, other] = [`thing-\u2028,"data":{`, newStream()]
  const [event] = newEvents(1)
  const metadata = { actor: 'a\0\ud800', nested: { $command: 'not this' } }
  const commandId = { stream, key: 'nul \0 and half a pair \udfff' }
  const request = newRequest(stream, { commandId, events: [{ ...event!, data: AWKWARD, metadata }] })
  await mustAppend(writer.store, request)
  await fill(other, other, 120)
  // As somebody else may have written it: what a double cannot hold, and white space.
  await database.query(
    `update log.events set data = '{ "amount": 12345678901234567890.10 , "n": 1.0}' where position = 2`,
  )
  const stored =
    'select position, stream, revision, id, type, version, time, data::text, metadata::text from log.events order by position'
  const before = await database.query(stored)
  await archive(101)
  const recalled = { stream, revision: 0n, position: 1n, requestHash: request.requestHash }
  expect(await writer.store.recall(commandId)).toEqual(recalled)
  expect(await dropArchived(database.url, { before: 101n })).toEqual(['events_1'])
  await restorePartition({ url: database.url, partition: 'events_1' })
  expect(await database.query(stored)).toEqual(before)
  expect(await writer.store.recall(commandId)).toEqual(recalled)
  expect((await all(writer.store.readStream(stream)))[0]?.data).toEqual(AWKWARD)
})

const hasTable = async (name: string): Promise<boolean> =>
  (await database.query(`select 1 where to_regclass('log.${name}') is not null`)).length > 0

test.each([[{ partition: 'events_1' }], [{ before: 101n }]])(
  'what was archived and kept can be dropped later, by the same name or position: %p',
  async (which) => {
    await fill(newStream(), newStream(), 250)
    const given = { url: database.url, to: folder, which }
    await archivePartitions(given)
    await expect(archivePartitions(given)).rejects.toThrow(/goes first|ends before/)
    expect(await archivePartitions({ ...given, mayBeArchived: true })).toEqual([])
    expect(await dropArchived(database.url, which)).toEqual(['events_1'])
    expect(await dropArchived(database.url, which)).toEqual([])
    expect(await hasTable('events_1')).toBe(false)
  },
)

test('what is not full yet does not keep what is archived from being dropped', async () => {
  await fill(newStream(), newStream(), 150)
  await archive(201)
  expect(
    await archivePartitions({ url: database.url, to: folder, which: { before: 201n }, mayBeArchived: true }),
  ).toEqual([])
  expect(await dropArchived(database.url, { before: 201n })).toEqual(['events_1'])
})

test('what was archived before and is not chosen keeps its table', async () => {
  await fill(newStream(), newStream(), 250)
  await archive(101)
  const which = { partition: 'events_101' }
  expect(await archivePartitions({ url: database.url, to: folder, which, mayBeArchived: true })).toHaveLength(1)
  expect(await dropArchived(database.url, which)).toEqual(['events_101'])
  expect(await hasTable('events_1')).toBe(true)
})

test('a damaged file is not restored from, and keeps its table from being dropped', async () => {
  await fill(newStream(), newStream(), 120)
  await archive(101)
  const file = join(folder, 'events_1.ndjson.gz')
  const whole = await readFile(file)
  await truncate(file, whole.length - 20)
  await expect(dropArchived(database.url, { before: 101n })).rejects.toThrow('is not the file that was archived')
  await database.query('drop table log.events_1')
  await expect(restorePartition({ url: database.url, partition: 'events_1' })).rejects.toThrow(
    'is not the file that was archived',
  )
  expect(await database.query('select name from log.archives')).toEqual([{ name: 'events_1' }])
})

test('the list says what is in the log and what is archived', async () => {
  await fill(newStream(), newStream(), 250)
  await archive(101)
  const list = await listPartitions(database.url)
  expect(list.slice(0, 4)).toMatchObject([
    {
      name: 'events_1',
      first: 1n,
      last: 100n,
      state: 'archived',
      events: 100n,
      file: join(folder, 'events_1.ndjson.gz'),
    },
    { name: 'events_101', first: 101n, last: 200n, state: 'in the log', events: 100n },
    { name: 'events_201', first: 201n, last: 300n, state: 'in the log', events: 50n },
    { name: 'events_301', first: 301n, state: 'in the log', events: 0n },
  ])
  for (const { from, to } of list.slice(0, 3)) expect(from?.getTime()).toBeLessThanOrEqual(to?.getTime() ?? 0)
  expect(list[1]?.size_bytes).toBeGreaterThan(0n)
})
