import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { eventually } from '../eventually.js'
import { type EventStoreDouble } from '../eventstoredb/double.js'
import { openEventStoreDouble } from '../eventstoredb/open-double.js'
import { isFree } from '../servers/free-port.js'
import { scratchDatabase } from '../servers/scratch-database.js'
import { scratchRedis } from '../servers/scratch-redis.js'
import { System } from './system.js'

/** A whole product of the test's own, whose log is in a double of an EventStoreDB cluster. */
export interface ProductOnEventStoreDb {
  readonly system: System
  /** Three nodes, in this process. */
  readonly cluster: EventStoreDouble
  /** The planned stop. @returns the exit status of `up`. */
  stop(): Promise<number | null>
}

const root = resolve('.')

/** Read models in a scratch database and a scratch Redis: only the roles are started. */
export async function productOnEventStoreDb(): Promise<ProductOnEventStoreDb> {
  const [database, redis] = await Promise.all([scratchDatabase(), scratchRedis()])
  const folder = await mkdtemp(join(tmpdir(), 'headwater-eventstoredb-'))
  const cluster = await openEventStoreDouble({ nodes: 3 })
  const base = await freeBase()
  const env = {
    ...process.env,
    HEADWATER_DATA: join(folder, 'data'),
    HEADWATER_PORT_BASE: String(base),
    EVENT_STORE: 'eventstoredb',
    EVENT_STORE_URL: cluster.url,
    PRIMARY_URL: database.url,
    REPLICA_URLS: database.url,
    REDIS_URL: redis.url,
  }
  const up = spawn(process.execPath, [join(root, 'bin', 'headwater'), 'up'], { cwd: root, env, stdio: 'pipe' })
  let said = ''
  for (const stream of [up.stdout, up.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const ended = new Promise<number | null>((done) => up.once('exit', done))
  const stop = async (): Promise<number | null> => {
    up.kill('SIGTERM')
    const status = await ended
    await cluster.close()
    await database.drop()
    await redis.drop()
    await rm(folder, { recursive: true, force: true })
    return status
  }
  try {
    const isUp = (): boolean => said.includes('Headwater is ready')
    await eventually('the product is ready', () => isUp() || up.exitCode !== null, { timeout_ms: 100_000 })
    if (!isUp()) throw new Error(`it did not start: ${said}`)
    return { system: await System.at(env), cluster, stop }
  } catch (error) {
    await stop()
    throw new Error(said, { cause: error })
  }
}

/** A block of ports whose first ones are free, below those that systems give to outgoing connections. */
async function freeBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 100)
    const free = await Promise.all([1, 2, 3, 5, 6, 7].map((offset) => isFree(base + offset)))
    if (free.every(Boolean)) return base
  }
}
