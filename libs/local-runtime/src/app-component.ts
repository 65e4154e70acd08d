import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { type Check, type Component } from './process/component.js'

export interface AppOptions {
  readonly role: string
  readonly instance: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** Longest a planned stop may take by its own clock: `HEADWATER_DRAIN_MS`. */
  readonly drain_ms: number
  /** Before each start. */
  prepare(): Promise<void>
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

/**
 * Requests make many objects that die young, and the collector's work is in those that do not: the more room, the fewer. A small heap next to so
 * much room always looks nearly full, and V8 looks through it again and again, which takes tens of ms each time: a writer's 25 MiB three times a
 * second. So whoever works all the time may let old objects be up to 256 MiB.
 */
const HEAPS: Readonly<Record<string, HeapSizes>> = {
  'command-api': { young_mb: 64, old_mb: 256 },
  'query-api': { young_mb: 64, old_mb: 256 },
  /** Few objects, and tens of MiB of bytes a second. */
  'event-writer': { young_mb: 16, old_mb: 256 },
  /** The rows of three batches are in hand: with less room they are moved twice before they die. */
  projector: { young_mb: 32, old_mb: 256 },
}
const OTHERS: HeapSizes = { young_mb: 64 }

/** What Node is told for a role. */
export function nodeArgs(role: string): readonly string[] {
  const { young_mb, old_mb } = HEAPS[role] ?? OTHERS
  return [
    '--enable-source-maps',
    `--max-semi-space-size=${young_mb}`,
    ...(old_mb === undefined ? [] : [`--initial-old-space-size=${old_mb}`]),
  ]
}

/** How long after its own bound a role that hangs in its planned stop is killed. */
const OVERDUE_MS = 5_000

/** One of the roles as its own Node process. */
export function appComponent({ role, instance, port, env, drain_ms, prepare }: AppOptions): Component {
  const url = `http://127.0.0.1:${port}`
  return {
    name: instance,
    role,
    url,
    stopSignal: 'SIGTERM',
    stop_ms: drain_ms + OVERDUE_MS,
    prepare,
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
