import pg from 'pg'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { Leadership, type LeadershipOptions } from './leadership.js'
import { LEASES_SQL } from './sql.js'

const NAME = 'thing-keeper'
/** Renewed every 15 s: within a test such a leader is as good as paused. */
const LONG_MS = 60_000
/** Such a leader finds out soon what has become of its lease. */
const OFTEN = { renew_ms: 250 }

const OTHERS_SQL = `select 1 from pg_stat_activity
  where datname = current_database() and application_name like 'headwater%' and pid <> pg_backend_pid()`

let database: ScratchDatabase
let candidates: { leadership: Leadership; terms: bigint[]; lost: number }[]

beforeAll(async () => {
  database = await scratchDatabase()
  await database.query(`create schema log; ${LEASES_SQL('log')}`)
})
afterAll(() => database.drop())
beforeEach(() => {
  candidates = []
})
afterEach(async () => {
  for (const { leadership } of candidates) await leadership.close()
  await database.query('truncate log.leases')
  await eventually('nobody of this test is left', async () => (await database.query(OTHERS_SQL)).length === 0)
})

function stand(holder: string, lease_ms: number, more: Partial<LeadershipOptions> = {}): (typeof candidates)[number] {
  const logger = silentLogger()
  const leadership = new Leadership({ url: database.url, schema: 'log', name: NAME, holder, lease_ms, logger, ...more })
  const candidate = { leadership, terms: [] as bigint[], lost: 0 }
  leadership.on('gained', (epoch) => candidate.terms.push(epoch))
  leadership.on('lost', () => (candidate.lost += 1))
  candidates.push(candidate)
  leadership.start()
  return candidate
}

const leads = ({ leadership }: { leadership: Leadership }): Promise<bigint> =>
  eventually('it leads', () => leadership.epoch)

const expire = (): Promise<unknown> => database.query("update log.leases set expires_at = '-infinity'")

/** Waits until a candidate without the lease has tried for it: its connection has run the statement that looks who leads. */
async function hasTried(holder: string): Promise<void> {
  const sql = `select 1 from pg_stat_activity where application_name = $1 and query like '%as is_over%'
    and state = 'idle' and datname = current_database()`
  await eventually(
    `${holder} has tried`,
    async () => (await database.query(sql, [`headwater lease ${holder}`])).length > 0,
  )
}

test('of two candidates one leads, and the other waits', async () => {
  const first = stand('a', LONG_MS)
  expect(await leads(first)).toBe(1n)
  const second = stand('b', LONG_MS)
  await hasTried('b')
  expect(second.leadership.epoch).toBeUndefined()
  expect(second.terms).toEqual([])
})

test('of many that begin at one time exactly one leads', async () => {
  const holders = ['a', 'b', 'c', 'd', 'e', 'f']
  const all = holders.map((holder) => stand(holder, LONG_MS))
  await eventually('one leads', () => all.some(({ leadership }) => leadership.epoch !== undefined))
  const losers = holders.filter((_, at) => all[at]?.leadership.epoch === undefined)
  for (const each of losers) await hasTried(each)
  expect(all.flatMap(({ terms }) => terms)).toEqual([1n])
})

test('who gives the lease back is succeeded under a higher epoch', async () => {
  const first = stand('a', LONG_MS)
  await leads(first)
  const second = stand('b', LONG_MS)
  await first.leadership.close()
  expect(first.leadership.epoch).toBeUndefined()
  expect(first.lost).toBe(1)
  expect(await leads(second)).toBe(2n)
})

test('who stops renewing is succeeded when the lease has expired; epochs only grow', async () => {
  await leads(stand('leader-0', LONG_MS))
  for (let round = 1; round <= 4; round += 1) {
    const next = stand(`leader-${round}`, LONG_MS)
    await hasTried(`leader-${round}`)
    expect(next.leadership.epoch).toBeUndefined()
    await expire()
    expect(await leads(next)).toBe(BigInt(round + 1))
  }
  const [row] = await database.query<{ epoch: string; holder: string }>('select epoch, holder from log.leases')
  expect(row).toEqual({ epoch: '5', holder: 'leader-4' })
})

test('a leader that was succeeded finds out, and does not take the lease back', async () => {
  const leader = stand('a', LONG_MS, OFTEN)
  await leads(leader)
  await database.query(
    "update log.leases set epoch = epoch + 1, holder = 'b', expires_at = clock_timestamp() + interval '1 hour'",
  )
  await eventually('it has lost', () => leader.lost === 1)
  expect(leader.leadership.epoch).toBeUndefined()
  await hasTried('a')
  expect(leader.terms).toEqual([1n])
})

test('giving back a lease that another holds by now does not end the term of that one', async () => {
  const paused = stand('a', LONG_MS)
  await leads(paused)
  const successor = stand('b', LONG_MS)
  await expire()
  await leads(successor)
  await paused.leadership.close()
  expect(await database.query('select 1 from log.leases where epoch = 2 and expires_at > now()')).toHaveLength(1)
})

test('an instance that was restarted takes over from its former self at once', async () => {
  await leads(stand('a', LONG_MS))
  expect(await leads(stand('a', LONG_MS))).toBe(2n)
})

test('who has vanished is succeeded at once, long before the lease has expired', async () => {
  const vanished = stand('a', LONG_MS)
  await leads(vanished)
  const second = stand('b', LONG_MS)
  await hasTried('b')
  await database.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'headwater lease a' and datname = current_database()`)
  expect(await leads(second)).toBe(2n)
})

test('a transaction that the leader left open keeps nobody from taking over', async () => {
  await leads(stand('a', LONG_MS))
  const client = new pg.Client({
    connectionString: database.url,
    application_name: Leadership.connectionName(NAME, 1n),
  })
  client.on('error', () => undefined)
  await client.connect()
  await expire()
  await client.query('begin; select 1 from log.leases for share')
  expect(await leads(stand('b', LONG_MS))).toBe(2n)
  await client.end().catch(() => undefined)
})

test('a broken connection does not end the term', async () => {
  const leader = stand('a', LONG_MS, OFTEN)
  await leads(leader)
  const backend = async () => (await database.query<{ backend: number }>('select backend from log.leases'))[0]?.backend
  const mine = "from pg_stat_activity where application_name = 'headwater lease a' and datname = current_database()"
  const [before] = await database.query<{ pid: number }>(`select pid ${mine}`)
  await database.query(`select pg_terminate_backend(pid) ${mine}`)
  await eventually('it renews on another connection', async () => {
    const rows = await database.query<{ pid: number }>(`select pid ${mine} and query like '%update log.leases%'`)
    const [now] = rows.filter(({ pid }) => pid !== before?.pid)
    return now !== undefined && now.pid === (await backend())
  })
  expect({ terms: leader.terms, lost: leader.lost }).toEqual({ terms: [1n], lost: 0 })
})

describe('connections of earlier terms', () => {
  const open = async (application_name: string): Promise<{ client: pg.Client; isEnded: () => boolean }> => {
    const client = new pg.Client({ connectionString: database.url, application_name })
    let ended = false
    client.on('error', () => (ended = true))
    client.on('end', () => (ended = true))
    await client.connect()
    return { client, isEnded: () => ended }
  }

  test('are ended when a successor begins; those of others live on', async () => {
    await leads(stand('a', LONG_MS))
    const stale = await open(Leadership.connectionName(NAME, 1n))
    const other = await open(Leadership.connectionName('something-else', 1n))
    await expire()
    await leads(stand('b', LONG_MS))
    await eventually('the stale connection is ended', stale.isEnded)
    expect(await other.client.query('select 1')).toMatchObject({ rowCount: 1 })
    await other.client.end()
  })

  test('of the same name in another database are none of its business', async () => {
    const elsewhere = await scratchDatabase()
    const client = new pg.Client({
      connectionString: elsewhere.url,
      application_name: Leadership.connectionName(NAME, 7n),
    })
    let broken = false
    client.on('error', () => (broken = true))
    await client.connect()
    try {
      await leads(stand('a', LONG_MS))
      expect(await client.query('select 1')).toMatchObject({ rowCount: 1 })
      expect(broken).toBe(false)
    } finally {
      await client.end().catch(() => undefined)
      await elsewhere.drop()
    }
  })
})

test('leases of different names are independent', async () => {
  expect(await leads(stand('a', LONG_MS, { name: 'one' }))).toBe(1n)
  expect(await leads(stand('b', LONG_MS, { name: 'other' }))).toBe(1n)
})
