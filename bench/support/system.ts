import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '#local-runtime'
import { issueToken } from '#runtime'
import { eventually, isFree } from '#testing'

const PORTS = [1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 50, 51, 52]

/** The whole product as `npm start` runs it, on ports and in a folder of its own. */
export interface BenchSystem {
  readonly ports: { readonly commands: number; readonly queries: number }
  /** Of one of its Redis' logical databases; the system itself uses 0. */
  redisUrl(database: number): string
  readonly token: string
  /** By instance: `query-api-1`. */
  pidOf(instance: string): number
  stop(): Promise<void>
}

/** Starts it and waits until everything is ready. */
export async function startSystem(): Promise<BenchSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-bench-'))
  // Started by root, Postgres runs as another user, who must be able to reach its data.
  await chmod(folder, 0o711)
  const base = await freeBase()
  const data = join(folder, 'data')
  const env = { ...process.env, HEADWATER_DATA: data, HEADWATER_PORT_BASE: String(base), LOG_LEVEL: 'warn' }
  const bin = join(projectRoot(), 'bin', 'headwater')
  process.stderr.write('starting a system to measure …\n')
  const child = spawn(process.execPath, [bin, 'up'], { env, stdio: ['ignore', 'pipe', 2] })
  const endWithMe = (): void => void child.kill('SIGTERM')
  process.once('exit', endWithMe)
  await untilReady(child)
  const { stdout } = await promisify(execFile)(process.execPath, [bin, 'status', '--json'], { env })
  const { instances } = JSON.parse(stdout) as { instances: readonly { id: string; pid: number }[] }
  const { redis } = JSON.parse(await readFile(join(data, 'keys', 'servers.json'), 'utf8')) as { redis: string }
  return {
    ports: { commands: base + 1, queries: base + 2 },
    redisUrl: (database) => `redis://:${encodeURIComponent(redis)}@127.0.0.1:${base + 52}/${database}`,
    token: await issueToken(join(data, 'keys'), { role: 'operator', ttl_s: 86_400 }),
    pidOf: (instance) => {
      const found = instances.find(({ id }) => id === instance)
      if (!found) throw new RangeError(`there is no instance ${instance}`)
      return found.pid
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      process.off('exit', endWithMe)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  let said = ''
  child.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await eventually(
    'the system is ready',
    () => {
      if (child.exitCode !== null) throw new Error(`the system ended with ${child.exitCode}`)
      return said.includes('Headwater is ready')
    },
    { timeout_ms: 300_000 },
  )
}

/** A block of ports of which those that are used are free. */
async function freeBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 120)
    const free = await Promise.all(PORTS.map((offset) => isFree(base + offset)))
    if (free.every(Boolean)) return base
  }
}
