import pg from 'pg'
import { eventually, silentLogger, temporaryPostgres, type TemporaryPostgres } from '#testing'
import { LANES_SQL } from '../../builds/schema.js'
import { type Snapshot, Sources, type SourcesOptions } from '../sources.js'
import { ReplicaSet } from './replica-set.js'

const counts = { name: 'counts', version: 1 }
const of = [counts]
const statement = {
  text: `select c.position || '/1' as checkpoint, true as is_within, true as is_found, c.position as seen,
    0 as created_position, 0 as created_ordinal, 0 as changed_position
    from headwater.lanes c where lane = 0`,
  values: [],
}

let primary: TemporaryPostgres
let one: TemporaryPostgres
let two: TemporaryPostgres
let writer: pg.Client
let sources: Sources

beforeAll(async () => {
  primary = await temporaryPostgres()
  await primary.createDatabase('read')
  await query(
    primary,
    `create schema headwater; ${LANES_SQL};
    insert into headwater.lanes values ('fleet', 0, 1, 1, '', 0, now());
    insert into headwater.builds values ('counts', 1, 1, 'live', true, true);
    insert into headwater.members values ('counts', 1, 1, 0, 'fleet', null, null);
    insert into headwater.builds values ('shared', 1, 1, 'live', true, true);
    insert into headwater.members values ('shared', 1, 1, 0, 'fleet', null, null), ('shared', 1, 1, 1, 'fleet', 1, '{}');
    insert into headwater.lanes values ('fleet', 1, 1, 1, '', 0, now())`,
  )
  ;[one, two] = await Promise.all([primary.replica(), primary.replica()])
  writer = new pg.Client({ connectionString: primary.url('read') })
  await writer.connect()
})
afterAll(async () => {
  await writer.end()
  for (const each of [one, two, primary]) await each.drop()
})
beforeEach(async () => {
  sources = open()
  const token = await write()
  await eventually('both replicas are known', () => sources.progress(of) >= token)
})
afterEach(() => sources.close())

function open(more: Partial<SourcesOptions> = {}): Sources {
  return new Sources({
    replicaUrls: [one.url('read'), two.url('read')],
    primaryUrl: primary.url('read'),
    primary: 'never',
    pool_max: 5,
    logger: silentLogger(),
    lag: { positions_max: 10, ms_max: 500 },
    ...more,
  })
}

async function query(server: TemporaryPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url('read') })
  await client.connect()
  try {
    return (await client.query<object>(sql)).rows
  } finally {
    await client.end()
  }
}

/** Moves the checkpoint on. @returns where it is then. */
async function write(by = 1): Promise<bigint> {
  const sql = 'update headwater.lanes set position = position + $1 where lane = 0 returning position'
  const { rows } = await writer.query<{ position: string }>(sql, [by])
  return BigInt(rows[0]!.position)
}

const read = (minPosition = 0n, wait_ms_max = 20_000): Promise<Snapshot> =>
  sources.replica(statement, {}, { of, minPosition, wait_ms_max })

const nameOf = ({ port }: TemporaryPostgres): string => `127.0.0.1:${port}`
const statusOf = (server: TemporaryPostgres) => sources.status().find(({ name }) => name === nameOf(server))

/** Writes and reads with the token, many times over. @returns who answered. */
async function readsAfterWrites(count: number): Promise<Set<string | undefined>> {
  const names = new Set<string | undefined>()
  for (let at = 0; at < count; at += 1) {
    const token = await write()
    const snapshot = await read(token)
    expect(snapshot.position).toBeGreaterThanOrEqual(token)
    names.add(snapshot.replica)
  }
  return names
}

test('a query that names a position is answered from there on; both replicas take part', async () => {
  const names = await readsAfterWrites(40)
  const more = await Promise.all(Array.from({ length: 40 }, () => read()))
  for (const { replica } of more) names.add(replica)
  expect(names).toEqual(new Set([nameOf(one), nameOf(two)]))
})

test('a position that no replica comes to is refused with how far they are', async () => {
  const token = await write()
  await read(token)
  await expect(read(token + 1_000n, 50)).rejects.toMatchObject({
    code: 'not-fresh-enough',
    headers: { 'headwater-position': token.toString(), 'retry-after': '1' },
  })
})

test('who waits for a position asks when it is told to be committed, once, and again when the replica has it', async () => {
  const bounds = { hang_ms_max: 20_000, quiet_ms: 60_000 }
  const replicas = new ReplicaSet({ urls: [one.url('read')], pool_max: 4, logger: silentLogger(), ...bounds })
  const known = await write()
  await eventually('the replica has it', () => replicas.freshest(of) >= known)
  replicas.expect(known)
  let asked = 0
  const reading = replicas.read(
    () => Promise.resolve(known + BigInt(asked++)),
    { of, minPosition: known + 1n },
    (position) => position,
    20_000,
  )
  await replicas.read(
    (client) => client.query('select 1'),
    { of, minPosition: known },
    () => known,
    0,
  )
  expect(asked).toBe(0)
  replicas.expect(known + 1n)
  await eventually('it is asked', () => asked > 0)
  await write()
  expect(await reading).toMatchObject({ result: known + 1n })
  expect(asked).toBe(2)
  await replicas.close()
})

test('a lane that stands still is known to be where it is, and the others where they are', async () => {
  const shared = { name: 'shared', version: 1 }
  const [going, stopped] = [0, 1].map((lane) => ({ ...shared, lane }))
  const token = await write()
  await eventually('it is known of both replicas', () => sources.progress([going!]) >= token)
  expect(sources.progress([stopped!])).toBe(1n)
  expect(sources.progress([shared])).toBe(1n)
})

test('a query that waits is woken by the write that it waits for', async () => {
  const token = await write()
  await read(token)
  const waiting = Promise.all(Array.from({ length: 100 }, () => read(token + 1n)))
  await write()
  for (const { position } of await waiting) expect(position).toBe(token + 1n)
})

test('a replica whose replay is paused gives no answer that is too old, is left out, and is taken back', async () => {
  await query(one, 'select pg_wal_replay_pause()')
  try {
    await write(1_000)
    expect(await readsAfterWrites(20)).toEqual(new Set([nameOf(two)]))
    await eventually('it is ejected', async () => {
      await write()
      return statusOf(one)?.isEjected
    })
    const unnamed = await Promise.all(Array.from({ length: 20 }, () => read()))
    expect(new Set(unnamed.map(({ replica }) => replica))).toEqual(new Set([nameOf(two)]))
    expect(statusOf(one)?.lag).toBeGreaterThan(10n)
  } finally {
    await query(one, 'select pg_wal_replay_resume()')
  }
  await eventually('it is back', () => statusOf(one)?.isEjected === false)
})

test('a replica that hangs holds no query, and its connections are not used again', async () => {
  await Promise.all(Array.from({ length: 20 }, () => read()))
  one.pause()
  try {
    const answers = await Promise.all(Array.from({ length: 40 }, () => read()))
    expect(new Set(answers.map(({ replica }) => replica))).toEqual(new Set([nameOf(two)]))
    expect(statusOf(one)).toMatchObject({ isEjected: true, inFlight: 0 })
    expect(await readsAfterWrites(10)).toEqual(new Set([nameOf(two)]))
  } finally {
    one.resume()
  }
  await eventually('it is back', () => statusOf(one)?.isEjected === false)
  await eventually('it serves', async () => (await read()).replica === nameOf(one))
})

test('a replica that is killed fails no query while another is left, and comes back', async () => {
  const over = new AbortController()
  let count = 0
  const reading = (async () => {
    for (; !over.signal.aborted; count += 1) await readsAfterWrites(1)
  })()
  await eventually('queries are under way', () => count > 5)
  await one.kill()
  await eventually('it is ejected', () => statusOf(one)?.isEjected)
  const before = count
  await eventually('queries go on', () => count > before + 20)
  await one.start()
  await eventually('it is back', () => statusOf(one)?.isEjected === false)
  await eventually('it serves', async () => (await read()).replica === nameOf(one))
  over.abort()
  await reading
})

test('with every replica dead a query is refused, or answered by the primary where the policy says so', async () => {
  await one.kill()
  await two.kill()
  try {
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' })
    await eventually('both are known to be away', () => sources.isAway)
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', status: 503 })
    const token = await write()
    const other = open({ primary: 'fallback' })
    expect(await other.replica(statement, {}, { of, minPosition: token })).toMatchObject({ source: 'primary' })
    await other.close()
  } finally {
    await Promise.all([one.start(), two.start()])
  }
  await eventually('queries are answered again', async () => (await read()).source === 'replica')
})

test('where the primary may be asked, and does not answer either, a query is refused', async () => {
  const [nobody] = ['postgresql://nobody@127.0.0.1:1/read']
  const other = open({ replicaUrls: [nobody], primaryUrl: nobody, primary: 'fallback' })
  await expect(other.replica(statement, {}, { of })).rejects.toMatchObject({ code: 'unavailable', status: 503 })
  await other.close()
  const empty = { text: 'select 1 from nowhere', values: [] }
  const asked = open({ replicaUrls: [nobody], primary: 'fallback' })
  await expect(asked.replica(empty, {}, { of })).rejects.toMatchObject({ code: 'unavailable' })
  await asked.close()
})

test('what is wrong with a statement is told, and no replica is blamed for it', async () => {
  await expect(sources.rows('select nothing from headwater.lanes', [])).rejects.toMatchObject({ code: '42703' })
  expect(sources.status().map(({ isEjected }) => isEjected)).toEqual([false, false])
})

test('a read model that is not there yet is no bug: it is asked for again later', async () => {
  await expect(sources.rows('select 1 from nowhere', [])).rejects.toMatchObject({ code: 'unavailable' })
})
