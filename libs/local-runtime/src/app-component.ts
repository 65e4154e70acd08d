import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { type Check, type Component } from './process/component.js'

export interface AppOptions {
  readonly role: string
  readonly instance: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}

interface Readyz {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, string>>
  readonly facts: Readonly<Record<string, unknown>>
}

/** Room for new objects in MiB, and how large those that stayed may grow before V8 looks through them for the first time. */
interface HeapSizes {
  readonly young_mb: number
  readonly old_mb?: number
}

/** Requests make many objects that die young, and the collector's work is in those that do not. */
const OF_REQUESTS: HeapSizes = { young_mb: 64 }
/** Few objects, and tens of MiB of bytes a second: V8 looked through a writer's 25 MiB three times a second, for 30 ms each. */
const OF_BYTES: HeapSizes = { young_mb: 16, old_mb: 256 }

/** What Node is told for a role. */
export function nodeArgs(role: string): readonly string[] {
  const { young_mb, old_mb } = role === 'event-writer' || role === 'projector' ? OF_BYTES : OF_REQUESTS
  return [
    '--enable-source-maps',
    `--max-semi-space-size=${young_mb}`,
    ...(old_mb === undefined ? [] : [`--initial-old-space-size=${old_mb}`]),
  ]
}

/** One of the roles as its own Node process. */
export function appComponent({ role, instance, port, env }: AppOptions): Component {
  const url = `http://127.0.0.1:${port}`
  return {
    name: instance,
    role,
    url,
    stopSignal: 'SIGTERM',
    stop_ms: 20_000,
    prepare: async () => Promise.resolve(),
    launch: () => ({
      command: process.execPath,
      args: [...nodeArgs(role), join(projectRoot(), 'dist', 'apps', role, 'src', 'main.js')],
      env: { ...env, HEADWATER_INSTANCE: instance, HEADWATER_PORT: String(port) },
      cwd: projectRoot(),
    }),
    check: () => checkReadyz(url),
  }
}

async function checkReadyz(url: string): Promise<Check> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    const { ready, checks, facts } = (await response.json()) as Readyz
    const reasons = Object.entries(checks).filter(([, result]) => result !== 'ok')
    const reason = ready ? undefined : reasons.map(([name, result]) => `${name}: ${result}`).join('; ')
    const leader = facts['leader']
    return { reason, facts, ...(typeof leader === 'boolean' ? { leader } : {}) }
  } catch (error) {
    return { reason: error instanceof Error ? `no answer: ${error.message}` : 'no answer' }
  }
}
