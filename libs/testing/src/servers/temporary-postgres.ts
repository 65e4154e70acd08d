import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  type ClusterPlace,
  copyPrimary,
  initCluster,
  launchCluster,
  pointAt,
  postgresBinaries,
  serverOwner,
  SUPERUSER,
} from '#local-runtime'
import { freePort } from './free-port.js'
import { serverProcess, type ServerProcess } from './server-process.js'

const PASSWORD = 'of-a-server-that-is-gone-in-a-minute'

/** A Postgres server of its own, for measurements and faults that nobody else should notice. Stopped, it takes a checkpoint. */
export interface TemporaryPostgres extends ServerProcess {
  readonly port: number
  /** The folder that everything of it is in. */
  readonly folder: string
  /** Of one of its databases, as superuser. */
  url(database: string): string
  /** Makes an empty database. @returns its URL. */
  createDatabase(name: string): Promise<string>
  /** Another that streams from it. Drop it first. */
  replica(): Promise<TemporaryPostgres>
  /** Stops it and removes its folder. */
  drop(): Promise<void>
}

/**
 * @param settings of the server beyond those that the product runs with.
 * @param parent of its folder; default the system's folder for temporary files.
 */
export async function temporaryPostgres(
  settings: Readonly<Record<string, string>> = {},
  parent = tmpdir(),
): Promise<TemporaryPostgres> {
  const place = await freshPlace(parent)
  await initCluster(place, PASSWORD)
  return running(place, settings)
}

async function freshPlace(parent: string): Promise<ClusterPlace> {
  const owner = serverOwner()
  const folder = await mkdtemp(join(parent, 'headwater-postgres-'))
  if (owner) {
    await chown(folder, owner.uid, owner.gid)
    await chmod(folder, 0o755)
  }
  return { bin: await postgresBinaries(owner), folder: join(folder, 'data'), port: await freePort(), owner }
}

async function running(place: ClusterPlace, settings: Readonly<Record<string, string>>): Promise<TemporaryPostgres> {
  const url = (database: string): string => `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${place.port}/${database}`
  const server = serverProcess(
    'Postgres',
    () => launchCluster(place, settings),
    'SIGINT',
    () => answers(url('postgres')),
  )
  const folder = join(place.folder, '..')
  await server.start()
  return {
    ...server,
    port: place.port,
    folder,
    url,
    createDatabase: async (name) => {
      await query(url('postgres'), `create database ${name}`)
      return url(name)
    },
    replica: async () => {
      const mine = await freshPlace(join(folder, '..'))
      const slot = `test_${mine.port}`
      await query(url('postgres'), `select pg_create_physical_replication_slot('${slot}', true)`)
      await copyPrimary(place, mine, url('postgres'))
      await pointAt(mine, `host=127.0.0.1 port=${place.port} user=${SUPERUSER} password=${PASSWORD}`)
      return running(mine, { ...settings, primary_slot_name: slot })
    },
    drop: async () => {
      server.resume()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(sql)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function answers(url: string): Promise<boolean> {
  return query(url, 'select 1').then(
    () => true,
    () => false,
  )
}
