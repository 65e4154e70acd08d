import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { nodeArgs } from '#local-runtime'
import { projectRoot } from '#runtime'
import { endsWithMe, eventually, freePort } from '#testing'

/** A busy machine takes its time to start a process. */
const PATIENCE = { timeout_ms: 120_000 }

/** Roles that benchmarks run. */
export type Role = 'command-api' | 'event-writer' | 'query-api'

/** A service of the product, or of a benchmark, in its own process. */
export interface AppProcess {
  readonly port: number
  readonly pid: number
  /** Planned, as the product stops it. */
  stop(): Promise<void>
}

export interface Readiness {
  readonly ready?: boolean
  readonly facts?: { readonly leader?: boolean }
}

/**
 * Starts a service from its file below `dist/` on a free port and waits until it says that it is ready.
 *
 * @param role of the product that it is, or that it is compared with: it gets the same memory.
 * @param isReady default: what `/readyz` calls ready.
 * @throws Error at once when it has ended, else when it is not ready in 2 minutes.
 */
export async function startApp(
  role: Role,
  file: string,
  env: Readonly<Record<string, string>>,
  isReady: (readiness: Readiness) => boolean = ({ ready }) => ready === true,
): Promise<AppProcess> {
  const port = await freePort()
  const args = (process.env['BENCH_NODE_ARGS'] ?? '').split(' ').filter((each) => each !== '')
  const child = spawn(process.execPath, [...nodeArgs(role), ...args, join(projectRoot(), 'dist', file)], {
    env: { ...process.env, LOG_LEVEL: 'warn', HEADWATER_HOST: '127.0.0.1', HEADWATER_PORT: String(port), ...env },
    stdio: ['ignore', 2, 2],
  })
  endsWithMe(child, 'SIGKILL')
  const end = (): number | NodeJS.Signals | null => child.exitCode ?? child.signalCode
  const isUp = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    return answer !== undefined && isReady((await answer.json()) as Readiness)
  }
  await eventually(`${file} is ready`, async () => end() !== null || isUp(), PATIENCE)
  if (end() !== null) throw new Error(`${file} ended with ${end()}`)
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      // One that failed has ended already.
      if (end() !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
