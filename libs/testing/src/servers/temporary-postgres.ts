import { chmod, chown } from 'node:fs/promises'
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
import { type TemporaryFolder, temporaryFolder } from './ends-with-me.js'
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
  parent?: string,
): Promise<TemporaryPostgres> {
  const fresh = await freshPlace(parent)
  await initCluster(fresh.place, PASSWORD)
  return running(fresh, settings)
}

/** A place for a cluster in a folder that is to hold everything of it. */
interface Fresh extends TemporaryFolder {
  readonly place: ClusterPlace
}

async function freshPlace(parent?: string): Promise<Fresh> {
  const owner = serverOwner()
  const temporary = temporaryFolder('postgres', parent)
  const { folder } = temporary
  if (owner) {
    await chown(folder, owner.uid, owner.gid)
    await chmod(folder, 0o755)
  }
  const bin = await postgresBinaries(owner)
  return { place: { bin, folder: join(folder, 'data'), port: await freePort(), owner }, ...temporary }
}

async function running(fresh: Fresh, settings: Readonly<Record<string, string>>): Promise<TemporaryPostgres> {
  const { place, folder, remove } = fresh
  const url = (database: string): string => `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${place.port}/${database}`
  const server = serverProcess({
    name: 'Postgres',
    launch: () => launchCluster(place, settings),
    stopSignal: 'SIGINT',
    endSignal: 'SIGQUIT',
    answers: () => answers(url('postgres')),
  })
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
      const slot = `test_${mine.place.port}`
      await query(url('postgres'), `select pg_create_physical_replication_slot('${slot}', true)`)
      await copyPrimary(place, mine.place, url('postgres'))
      await pointAt(mine.place, `host=127.0.0.1 port=${place.port} user=${SUPERUSER} password=${PASSWORD}`)
      return running(mine, { ...settings, primary_slot_name: slot })
    },
    drop: async () => {
      server.resume()
      await server.stop()
      await remove()
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
