import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Component, localPlan, localSettings } from '#local-runtime'
import { parseConfig } from '#runtime'
import { eventually, familyOf, freePort, isFree, signalAll, silentLogger } from '#testing'
import { Supervisor } from './supervisor.js'

let folder: string
let env: Record<string, string>
let supervisor: Supervisor
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-slot-'))
  // Started by root, Postgres runs as another user, who must be able to reach its data.
  await chmod(folder, 0o711)
  const primaryPort = await eventually('there are two ports', async () => {
    const port = await freePort()
    return (await isFree(port + 1)) && port
  })
  env = { HEADWATER_DATA: join(folder, 'data'), HEADWATER_PORT_BASE: String(primaryPort - 50) }
  supervisor = await supervisorOfBoth()
})
afterEach(async () => {
  await supervisor.stopAll()
  await rm(folder, { recursive: true, force: true })
})

async function supervisorOfBoth(): Promise<Supervisor> {
  const plan = await localPlan(parseConfig(localSettings, env))
  const startOrder = [['postgres-primary'], ['postgres-replica']]
  const components = plan.components.filter(({ name }) => startOrder.flat().includes(name)).map(withLittleWal)
  return new Supervisor({ ...plan, components, startOrder }, silentLogger())
}

/** What a replica waits for between what it needs before it is started and its start. */
let isLaunchedAfter: Promise<void> = Promise.resolve()

/** A primary that keeps little for a replica that is away, and a replica that can be held back. */
function withLittleWal(component: Component): Component {
  return {
    ...component,
    prepare: async () => {
      await component.prepare()
      if (component.role === 'postgres-replica') await isLaunchedAfter
    },
    launch: () => {
      const given = component.launch()
      return { ...given, args: [...given.args, '-c', 'max_slot_wal_keep_size=32MB'] }
    },
  }
}

async function query<T extends object>(url: string, sql: string): Promise<readonly T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 30_000 }).on(
    'error',
    () => undefined,
  )
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

const successor = async (): Promise<void> => {
  supervisor.release()
  supervisor = await supervisorOfBoth()
  await supervisor.start()
}

test.each([
  ['whoever started it', () => undefined],
  ['whoever has found it running', successor],
])('a replica that was away for longer than the primary keeps WAL is copied anew by %s', async (_, takeOver) => {
  await supervisor.start()
  let [primary, replica] = supervisor.processes
  expect([primary?.state, replica?.state]).toEqual(['ready', 'ready'])
  const { superuser } = JSON.parse(await readFile(join(folder, 'data', 'keys', 'servers.json'), 'utf8')) as Record<
    string,
    string
  >
  const urlOf = (component: Component | undefined): string =>
    `postgres://headwater_admin:${superuser}@${new URL(component?.url ?? '').host}/postgres`
  const [primaryUrl, replicaUrl] = [urlOf(primary?.component), urlOf(replica?.component)]
  let launch = (): void => undefined
  isLaunchedAfter = new Promise((resolve) => (launch = resolve))
  try {
    signalAll(familyOf(replica?.pid ?? 0), 'SIGKILL')
    await eventually('it is about to start again', () => replica?.state === 'starting')
    await query(primaryUrl, 'create table seen as select 7 as number')
    await query(primaryUrl, "select pg_logical_emit_message(false, 'test', repeat('x', 100000000))")
    await eventually('its slot is lost', async () => {
      await query(primaryUrl, 'checkpoint')
      const [slot] = await query<{ wal_status: string }>(primaryUrl, 'select wal_status from pg_replication_slots')
      return slot?.wal_status === 'lost'
    })
  } finally {
    launch()
  }
  await eventually('it runs', () => replica?.pid)
  await takeOver()
  ;[primary, replica] = supervisor.processes
  const rows = await eventually('it has what it lacked', () => query(replicaUrl, 'select * from seen'))
  expect(rows).toEqual([{ number: 7 }])
  await eventually('it streams', () => replica?.isReady)
})
