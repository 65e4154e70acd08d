import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import pg from 'pg'
import { type DataLayout, type Ports } from '../layout.js'
import { checked } from '../process/checked.js'
import { type Component } from '../process/component.js'
import { makeFolder, type Owner, reachablePath, serverOwner } from '../process/owner.js'
import { type Secrets } from '../secrets.js'
import { postgresBinaries } from './binaries.js'
import { type ClusterPlace, initCluster, launchCluster, SUPERUSER } from './cluster.js'
import { ensureDatabases } from './databases.js'
import { refuseAnother } from './left-behind.js'
import { copyPrimary, pointAt } from './replica.js'
import { isLost, removeIfLost } from './slots.js'

export interface EmbeddedPostgres {
  readonly primary: Component
  readonly replicas: readonly Component[]
  readonly logUrl: string
  readonly readUrl: string
  readonly replicaReadUrls: readonly string[]
}

const NOT_STREAMING = 'not streaming from the primary'
const STANDBY_SQL = 'select pg_is_in_recovery() as standby, (select status from pg_stat_wal_receiver) as status'

/**
 * The one connection over which a server is checked, made again when it broke: one for each check would cost the server a process
 * and both a handshake, many times what the answer costs. It keeps no process alive.
 */
function checkingPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    allowExitOnIdle: true,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  })
  return pool.on('error', () => undefined)
}

/**
 * The embedded primary and its streaming replicas. Nothing is started or made before `prepare`.
 *
 * @param count of replicas, at most as many as there are ports for.
 */
export function embeddedPostgres(layout: DataLayout, ports: Ports, secrets: Secrets, count = 1): EmbeddedPostgres {
  const owner = serverOwner()
  const adminUrl = urlOf(SUPERUSER, secrets.superuser, ports.primary, 'postgres')
  const place = async (folder: string, port: number): Promise<ClusterPlace> => {
    const reachable = reachablePath(folder, owner)
    const bin = await postgresBinaries(owner)
    await makeParent(reachable, owner)
    return { bin, folder: reachable, port, owner }
  }
  const primaryPlace = (): Promise<ClusterPlace> => place(layout.primary, ports.primary)
  const kept = ports.replicas.slice(0, count)
  const replicas = kept.map((port, at) =>
    replicaComponent({
      name: nameOf(at + 1),
      slot: slotOf(at + 1),
      primaryUrl: adminUrl,
      adminUrl: urlOf(SUPERUSER, secrets.superuser, port, 'postgres'),
      port,
      folder: () => reachablePath(layout.replica(at + 1), owner),
      prepare: async (conninfo) => {
        const mine = await place(layout.replica(at + 1), port)
        await removeIfLost(adminUrl, slotOf(at + 1), mine.folder)
        await copyPrimary(await primaryPlace(), mine, adminUrl)
        await pointAt(mine, `host=127.0.0.1 port=${ports.primary} user=${SUPERUSER} sslmode=disable ${conninfo}`)
        return mine
      },
      password: secrets.superuser,
    }),
  )
  const prepare = async (): Promise<ClusterPlace> => {
    // A replica that is wanted no longer is but a copy, and too old to go on from once its slot is gone.
    for (let ordinal = count + 1; ordinal <= ports.replicas.length; ordinal += 1)
      await rm(reachablePath(layout.replica(ordinal), owner), { recursive: true, force: true })
    const mine = await primaryPlace()
    refuseAnother(layout, mine)
    await initCluster(mine, secrets.superuser)
    return mine
  }
  const slots = kept.map((_, at) => slotOf(at + 1))
  return {
    primary: primaryComponent(ports.primary, prepare, adminUrl, () => ensureDatabases(adminUrl, secrets, slots)),
    replicas,
    logUrl: urlOf('headwater_log', secrets.log, ports.primary, 'headwater_log'),
    readUrl: urlOf('headwater_read', secrets.read, ports.primary, 'headwater_read'),
    replicaReadUrls: kept.map((port) => urlOf('headwater_read', secrets.read, port, 'headwater_read')),
  }
}

function primaryComponent(
  port: number,
  prepare: () => Promise<ClusterPlace>,
  adminUrl: string,
  setUp: () => Promise<void>,
): Component {
  const server = checkingPool(adminUrl)
  let place: ClusterPlace | undefined
  let isSetUp = false
  return {
    name: 'postgres-primary',
    role: 'postgres-primary',
    url: `postgres://127.0.0.1:${port}`,
    stopSignal: 'SIGINT',
    stop_ms: 15_000,
    prepare: async () => {
      place = await prepare()
      // It may be another cluster by now.
      isSetUp = false
    },
    launch: () => launchCluster(prepared(place)),
    check: () =>
      checked(async () => {
        if (isSetUp) await server.query('select 1')
        else await setUp()
        isSetUp = true
        return undefined
      }),
  }
}

interface ReplicaPlan {
  readonly name: string
  readonly slot: string
  readonly primaryUrl: string
  readonly adminUrl: string
  readonly port: number
  readonly password: string
  /** Where it lies, also when somebody else has prepared it. */
  folder(): string
  prepare(conninfo: string): Promise<ClusterPlace>
}

function replicaComponent(plan: ReplicaPlan): Component {
  const { name, slot, primaryUrl, adminUrl, port, password, folder, prepare } = plan
  const server = checkingPool(adminUrl)
  const primary = checkingPool(primaryUrl)
  let place: ClusterPlace | undefined
  return {
    name,
    role: 'postgres-replica',
    url: `postgres://127.0.0.1:${port}`,
    stopSignal: 'SIGINT',
    stop_ms: 15_000,
    prepare: async () => {
      place = await prepare(`password=${password} application_name=${name}`)
    },
    launch: () => launchCluster(prepared(place), { primary_slot_name: slot }),
    check: async () => {
      const { reason } = await checked(async () => {
        const { rows } = await server.query<{ standby: boolean; status: string | null }>(STANDBY_SQL)
        const [row] = rows
        if (!row?.standby) return 'it is no standby'
        return row.status === 'streaming' ? undefined : NOT_STREAMING
      })
      if (reason !== NOT_STREAMING || !(await isLost(primary, slot, folder()).catch(() => false))) return { reason }
      return { reason: 'the primary no longer has what it lacks: it is copied anew', needsRestart: true }
    },
  }
}

function prepared(place: ClusterPlace | undefined): ClusterPlace {
  if (!place) throw new Error('it is launched before it is prepared')
  return place
}

/** The servers take no TLS, whatever `PGSSLMODE` in somebody's shell asks for elsewhere. */
function urlOf(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`
}

/** Whatever their number, the first has the same name: with its pid file it is found again. */
function nameOf(ordinal: number): string {
  return ordinal === 1 ? 'postgres-replica' : `postgres-replica-${ordinal}`
}

/** The first has no number, because there was but one once. */
function slotOf(ordinal: number): string {
  return ordinal === 1 ? 'headwater_replica' : `headwater_replica_${ordinal}`
}

/** The folder above a cluster must let its owner in; the data folder itself stays ours. */
async function makeParent(folder: string, owner: Owner | undefined): Promise<void> {
  const parent = dirname(folder)
  if (parent.startsWith('/var/lib/headwater')) await makeFolder(parent, owner, 0o755)
}
