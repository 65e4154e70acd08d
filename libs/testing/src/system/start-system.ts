import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { type InstanceStatus, type Ports, portsFrom, type Status } from '#local-runtime'
import { issueToken, projectRoot } from '#runtime'
import { eventually } from '../eventually.js'
import { endsWithMe, temporaryFolder } from '../servers/ends-with-me.js'
import { isFree } from '../servers/free-port.js'
import { serversOf, type TestServers } from '../servers/test-servers.js'

/** The whole product as `npm start` runs it, on ports and in a folder of its own. */
export interface RunningSystem extends TestServers {
  readonly ports: Ports
  /** Of logs that go with it when it is removed. */
  readonly folder: string
  /** An operator's, for a day. */
  readonly token: string
  /** @throws Error when the controller does not answer within 10 s. */
  status(): Promise<Status>
  /** By instance: `query-api-1`. @throws RangeError when there was no such instance at the start. */
  pidOf(instance: string): number
  /** Stops it, as planned, and removes its folder, unless somebody is to look at its data and logs. */
  stop(keep?: 'keep'): Promise<void>
}

const STATUS_MS_MAX = 10_000
const READY_MS_MAX = 300_000

export interface SystemOptions {
  /** Ctrl-C does not reach it: whoever started it stops it. Default false. */
  readonly isApart?: boolean
}

/**
 * Starts it and waits until everything is ready.
 *
 * @param what it is for, in the name of its folder: `bench`.
 * @throws Error when it is not ready in 5 minutes.
 */
export async function startSystem(what: string, { isApart = false }: SystemOptions = {}): Promise<RunningSystem> {
  const { folder, remove, keep: keepFolder } = temporaryFolder(what)
  // Started by root, Postgres runs as another user, who must be able to reach its data.
  await chmod(folder, 0o711)
  const base = await freeBase()
  const ports = portsFrom(base)
  const data = join(folder, 'data')
  const env = { ...process.env, HEADWATER_DATA: data, HEADWATER_PORT_BASE: String(base), LOG_LEVEL: 'warn' }
  process.stderr.write('starting a system …\n')
  const args = [join(projectRoot(), 'bin', 'headwater'), 'up']
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 2], detached: isApart })
  endsWithMe(child, 'SIGTERM')
  const stop = async (keep?: 'keep'): Promise<void> => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await ended
    if (!keep) return remove()
    keepFolder()
    process.stderr.write(`data and logs are kept in ${folder}\n`)
  }
  try {
    await untilReady(child)
    const token = await issueToken(join(data, 'keys'), { role: 'operator', ttl_s: 86_400 })
    const status = (): Promise<Status> => ask(ports.controller, token)
    const { instances } = await status()
    const servers = await serversOf(data, base)
    return { ...servers, ports, folder, token, status, pidOf: (instance) => pidIn(instances, instance), stop }
  } catch (error) {
    await stop('keep')
    throw error
  }
}

async function ask(port: number, token: string): Promise<Status> {
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(STATUS_MS_MAX)
  const response = await fetch(`http://127.0.0.1:${port}/v1/status`, { headers, signal })
  if (!response.ok) throw new Error(`the controller answers ${response.status}`)
  return (await response.json()) as Status
}

function pidIn(instances: readonly InstanceStatus[], instance: string): number {
  const pid = instances.find(({ id }) => id === instance)?.pid
  if (!pid) throw new RangeError(`there is no instance ${instance}`)
  return pid
}

async function untilReady(child: ChildProcess): Promise<void> {
  let said = ''
  child.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const isUp = (): boolean => said.includes('Headwater is ready')
  await eventually('the system is ready', () => isUp() || child.exitCode !== null, { timeout_ms: READY_MS_MAX })
  if (!isUp()) throw new Error(`the system ended with ${child.exitCode}`)
}

/** A block of ports of which those that are used are free. */
async function freeBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 120)
    const free = await Promise.all(Object.values(portsFrom(base)).flat().map(isFree))
    if (free.every(Boolean)) return base
  }
}
