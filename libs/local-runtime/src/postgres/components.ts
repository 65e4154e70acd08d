import { dirname } from 'node:path'
import pg from 'pg'
import { type DataLayout, type Ports } from '../layout.js'
import { type Check, type Component } from '../process/component.js'
import { makeFolder, type Owner, reachablePath, serverOwner } from '../process/owner.js'
import { type Secrets } from '../secrets.js'
import { postgresBinaries } from './binaries.js'
import { type ClusterPlace, initCluster, launchCluster, SUPERUSER } from './cluster.js'
import { ensureDatabases } from './databases.js'
import { copyPrimary, pointAt } from './replica.js'

export interface EmbeddedPostgres {
  readonly primary: Component
  readonly replica: Component
  readonly logUrl: string
  readonly readUrl: string
  readonly replicaReadUrl: string
}

/** One query on a connection of its own. */
async function ask(url: string, sql: string): Promise<Record<string, unknown> | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<Record<string, unknown>>(sql)).rows[0]
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function checked(run: () => Promise<string | undefined>): Promise<Check> {
  try {
    return { reason: await run() }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

/** The embedded primary and its streaming replica. Nothing is started or made before `prepare`. */
export function embeddedPostgres(layout: DataLayout, ports: Ports, secrets: Secrets): EmbeddedPostgres {
  const owner = serverOwner()
  const url = (user: string, password: string, port: number, database: string): string =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
  const adminUrl = url(SUPERUSER, secrets.superuser, ports.primary, 'postgres')
  let bin = ''
  const place = (folder: string, port: number): ClusterPlace => ({
    bin,
    folder: reachablePath(folder, owner),
    port,
    owner,
  })
  const findBinaries = async (folder: string): Promise<void> => {
    bin = await postgresBinaries(owner)
    await makeParent(reachablePath(folder, owner), owner)
  }
  let isSetUp = false
  const primary: Component = {
    name: 'postgres-primary',
    role: 'postgres-primary',
    url: `postgres://127.0.0.1:${ports.primary}`,
    stopSignal: 'SIGINT',
    stop_ms: 15_000,
    prepare: async () => {
      await findBinaries(layout.primary)
      await initCluster(place(layout.primary, ports.primary), secrets.superuser)
    },
    launch: () => launchCluster(place(layout.primary, ports.primary)),
    check: () =>
      checked(async () => {
        if (isSetUp) await ask(adminUrl, 'select 1')
        else await ensureDatabases(adminUrl, secrets)
        isSetUp = true
        return undefined
      }),
  }
  const replicaAdmin = url(SUPERUSER, secrets.superuser, ports.replica, 'postgres')
  const conninfo = `host=127.0.0.1 port=${ports.primary} user=${SUPERUSER} password=${secrets.superuser} application_name=postgres-replica`
  const replica: Component = {
    name: 'postgres-replica',
    role: 'postgres-replica',
    url: `postgres://127.0.0.1:${ports.replica}`,
    stopSignal: 'SIGINT',
    stop_ms: 15_000,
    prepare: async () => {
      await findBinaries(layout.replica)
      const mine = place(layout.replica, ports.replica)
      await copyPrimary(place(layout.primary, ports.primary), mine, adminUrl)
      await pointAt(mine, conninfo)
    },
    launch: () => launchCluster(place(layout.replica, ports.replica), { primary_slot_name: 'headwater_replica' }),
    check: () =>
      checked(async () => {
        const row = await ask(
          replicaAdmin,
          'select pg_is_in_recovery() as standby, (select status from pg_stat_wal_receiver) as status',
        )
        if (row?.['standby'] !== true) return 'it is no standby'
        return row['status'] === 'streaming' ? undefined : 'not streaming from the primary'
      }),
  }
  return {
    primary,
    replica,
    logUrl: url('headwater_log', secrets.log, ports.primary, 'headwater_log'),
    readUrl: url('headwater_read', secrets.read, ports.primary, 'headwater_read'),
    replicaReadUrl: url('headwater_read', secrets.read, ports.replica, 'headwater_read'),
  }
}

/** The folder above a cluster must let its owner in; the data folder itself stays ours. */
async function makeParent(folder: string, owner: Owner | undefined): Promise<void> {
  const parent = dirname(folder)
  if (parent.startsWith('/var/lib/headwater')) await makeFolder(parent, owner, 0o755)
}
