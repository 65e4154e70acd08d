import { Leadership } from '#leadership'
import { ledger } from '#ledger'
import {
  commandSender,
  eventually,
  type PostgresWriter,
  postgresWriter,
  readLog,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
  SilentLink,
} from '#testing'
import { deliver, place, shop } from './fixtures/shop.js'
import { migrateProcesses, postgresCheckpoints, Reactor } from './index.js'

const LEASE = 'reactor'
let database: ScratchDatabase
let writer: PostgresWriter
let open: (() => Promise<void>)[]

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
  await Promise.all([migrateProcesses(database.url), migrateProcesses(database.url)])
  open = []
})
afterEach(async () => {
  for (const close of open.reverse()) await close()
  await writer.close()
  await database.drop()
})

interface Instance {
  readonly reactor: Reactor
  readonly leadership: Leadership
  readonly close: () => Promise<void>
}

/** An instance as the reactor's app puts it together. */
function instance(holder: string, lease_ms = 60_000, url = database.url): Instance {
  const logger = silentLogger()
  const leadership = new Leadership({ url, schema: 'headwater', name: LEASE, holder, lease_ms, logger })
  const reactor = new Reactor({
    store: writer.store,
    domains: [...shop, ledger],
    leadership,
    checkpoints: (epoch) => postgresCheckpoints({ url, lease: { name: LEASE, epoch }, logger }),
    logger,
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= reactor.close().then(() => leadership.close()))
  open.push(close)
  leadership.start()
  return { reactor, leadership, close }
}

async function checkpoint(process = 'reservations'): Promise<bigint> {
  const sql = 'select position from headwater.process_checkpoints where process = $1'
  const [row] = await database.query<{ position: string }>(sql, [process])
  return BigInt(row?.position ?? '-1')
}

const caughtUp = async ({ reactor }: Instance): Promise<void> => {
  await eventually('the process managers have come to the head', async () => {
    const head = await writer.store.head()
    return reactor.status.every(({ position }) => position === head)
  })
}

async function orders(from: number, to: number): Promise<void> {
  const send = commandSender(writer.store)
  const placing = Array.from({ length: to - from }, (_, at) =>
    send(place, `order-${from + at}`, { item: 'pen', amount: 1 }),
  )
  await Promise.all(placing)
}

async function reservations(): Promise<string[]> {
  const events = (await readLog(writer.store)).filter(({ type }) => type === 'Reserved' || type === 'Lacked')
  return events.map(({ data }) => (data as { order: string }).order)
}

test('the checkpoint comes to the head and is where the next owner goes on', async () => {
  await commandSender(writer.store)(deliver, 'pen', { amount: 100 })
  await orders(0, 50)
  const first = instance('reactor-1')
  await caughtUp(first)
  await first.close()
  expect(await checkpoint()).toBe(await writer.store.head())
  await orders(50, 100)
  const second = instance('reactor-2')
  await caughtUp(second)
  expect(new Set(await reservations()).size).toBe(100)
  expect(await reservations()).toHaveLength(100)
})

test('a standby waits, and takes over when the owner has vanished; all that was under way happens once', async () => {
  await commandSender(writer.store)(deliver, 'pen', { amount: 150 })
  const owner = instance('reactor-1')
  await eventually('the first one leads', () => owner.leadership.epoch !== undefined)
  const standby = instance('reactor-2')
  await orders(0, 100)
  await eventually('some is done', async () => (await reservations()).length > 10)
  expect(standby.reactor.status.every(({ position }) => position === undefined)).toBe(true)
  // The lease's connection is gone, as after kill -9; the old owner itself does not know yet and goes on for a while.
  const killed = await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'headwater lease reactor-1' and datname = current_database()",
  )
  expect(killed).toHaveLength(1)
  await orders(100, 200)
  await eventually('the standby or the first one leads again', () =>
    [owner, standby].some(({ leadership }) => (leadership.epoch ?? 0n) > 1n),
  )
  const heir = standby.leadership.epoch === undefined ? owner : standby
  await caughtUp(heir)
  const all = await reservations()
  expect(new Set(all).size).toBe(200)
  expect(all).toHaveLength(200)
})

test('an owner whose epoch is over cannot move the checkpoint, and lets it be', async () => {
  const owner = instance('reactor-1')
  await caughtUp(owner)
  await database.query("update headwater.leases set epoch = epoch + 1 where name = 'reactor'")
  const before = await checkpoint()
  await orders(0, 1)
  await eventually('it has noticed', () => owner.reactor.status.every(({ position }) => position === undefined))
  expect(await checkpoint()).toBe(before)
})

test('checkpoints that cannot be written for a while stop nothing for good', async () => {
  const owner = instance('reactor-1')
  await caughtUp(owner)
  await commandSender(writer.store)(deliver, 'pen', { amount: 100 })
  for (let round = 0; round < 5; round += 1) {
    await orders(round * 10, round * 10 + 10)
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'headwater reactor %' and datname = current_database()",
    )
  }
  await caughtUp(owner)
  expect(await reservations()).toHaveLength(50)
  const head = await writer.store.head()
  await eventually('the checkpoint follows', async () => (await checkpoint()) === head)
})

describe('a primary that is lost without a word', () => {
  let link: SilentLink
  let owner: Instance

  beforeEach(async () => {
    link = await SilentLink.open(database.url)
    open.push(() => link.close())
    owner = instance('reactor-1', 1_000, link.url)
    await caughtUp(owner)
  })

  test('keeps nobody from the next term: what comes then is dealt with', async () => {
    link.fallSilent()
    await eventually('it leads again', () => (owner.leadership.epoch ?? 0n) > 1n)
    await orders(0, 1)
    await caughtUp(owner)
    expect(await reservations()).toHaveLength(1)
  })

  test('does not keep it from stopping', async () => {
    link.fallSilent()
    await owner.reactor.close()
    expect(owner.reactor.status.every(({ position }) => position === undefined)).toBe(true)
  })
})
