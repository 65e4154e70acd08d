import { spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type ClusterPlace, initCluster, launchCluster, postgresBinaries, serverOwner, SUPERUSER } from '#local-runtime'
import { eventually } from '../eventually.js'
import { freePort } from './free-port.js'

const PASSWORD = 'of-a-server-that-is-gone-in-a-minute'

/** A Postgres server of its own, for measurements and faults that nobody else should notice. */
export interface TemporaryPostgres {
  readonly port: number
  /** The folder that everything of it is in. */
  readonly folder: string
  /** Of one of its databases, as superuser. */
  url(database: string): string
  /** Of the running postmaster. */
  pid(): number
  /** Makes an empty database. @returns its URL. */
  createDatabase(name: string): Promise<string>
  /** Starts it again after its end, however that came. */
  start(): Promise<void>
  /** Fast shutdown: a checkpoint, then the end. */
  stop(): Promise<void>
  /** SIGKILL of the postmaster and all that it has started. Resolves when they are gone. */
  kill(): Promise<void>
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
  const owner = serverOwner()
  const folder = await mkdtemp(join(parent, 'headwater-postgres-'))
  const place: ClusterPlace = {
    bin: await postgresBinaries(owner),
    folder: join(folder, 'data'),
    port: await freePort(),
    owner,
  }
  if (owner) {
    await chown(folder, owner.uid, owner.gid)
    await chmod(folder, 0o755)
  }
  await initCluster(place, PASSWORD)
  const url = (database: string): string => `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${place.port}/${database}`
  let running: ReturnType<typeof spawn> | undefined
  const ended = async (): Promise<void> => {
    const child = running
    running = undefined
    if (child && child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve))
  }
  const spawned = (): boolean => running !== undefined && running.exitCode === null && running.signalCode === null
  const launch = (): void => {
    const { command, args, cwd, env, uid, gid } = launchCluster(place, settings)
    const ids = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) }
    // A group of its own: kill -9 reaches every backend, as a power cut would.
    running = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore', detached: true, ...ids })
  }
  /** Backends are sessions of their own and outlive the postmaster by a moment, in which no other may start. */
  const start = async (): Promise<void> => {
    const isUp = async (): Promise<boolean> => {
      if (!spawned()) launch()
      return answers(url('postgres'))
    }
    await eventually('Postgres answers', isUp, { timeout_ms: 60_000 })
  }
  const stop = async (): Promise<void> => {
    running?.kill('SIGINT')
    await ended()
  }
  // An interrupted measurement leaves no server behind.
  const endWithMe = (): void => {
    if (running?.pid !== undefined && spawned()) process.kill(-running.pid, 'SIGKILL')
  }
  process.once('exit', endWithMe)
  await start()
  return {
    port: place.port,
    folder,
    url,
    pid: () => running?.pid ?? 0,
    createDatabase: async (name) => {
      await query(url('postgres'), `create database ${name}`)
      return url(name)
    },
    start,
    stop,
    kill: async () => {
      if (running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL')
      await ended()
    },
    drop: async () => {
      await stop()
      process.off('exit', endWithMe)
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
