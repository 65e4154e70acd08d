import { setTimeout as sleep } from 'node:timers/promises'
import { type Status } from '#local-runtime'
import { eventually, sharedClock_ms, type RunningSystem } from '#testing'
import { type BookLoad } from '../load/book-load.js'
import { type Roll } from './roll.js'
import { type Struck } from './strikes.js'

/** How long a system may take until all is well again: no statement about speed, but a bound on a run that hangs. */
const RECOVERY_MS_MAX = 120_000
/** Asking a system that recovers how it is shall cost it little. */
const LOOK_MS = 100

type Load = Pick<BookLoad, 'failure' | 'missingSince'>

interface Recovering {
  readonly system: Pick<RunningSystem, 'status'>
  readonly loads: readonly Load[]
  /** Called whenever the system is asked how it is. */
  readonly roll: Roll
}

/**
 * Waits until everything is well again: every instance ready, another process in the place of the one that was killed, and for
 * each book something acknowledged, read and told of what was asked for after the fault was undone.
 *
 * @returns ms from there to here.
 * @throws Error at once when a client was refused for good, else one that names what has not come about in two minutes.
 */
export async function recovered({ system, loads, roll }: Recovering, struck: Struck, kind: string): Promise<number> {
  if (struck.killed) roll.mean(struck.killed.pid)
  let missing: string | undefined
  const isWell = async (): Promise<boolean> => {
    const status = await system.status()
    roll.call(status.instances, `after "${kind}"`)
    missing = troubleOf(status, struck) ?? missingOf(loads, struck)
    if (missing !== undefined) await sleep(LOOK_MS)
    return missing === undefined
  }
  const failure = (): Error | undefined => loads.find((each) => each.failure)?.failure
  const isSettled = async (): Promise<boolean> => failure() !== undefined || isWell()
  await eventually('all is well again', isSettled, { timeout_ms: RECOVERY_MS_MAX }).catch((cause: unknown) => {
    throw new Error(`not well again ${RECOVERY_MS_MAX / 1_000} s after "${kind}": ${missing}`, { cause })
  })
  const refused = failure()
  if (refused) throw refused
  return sharedClock_ms() - struck.healed_ms
}

function missingOf(loads: readonly Load[], { healed_ms }: Struck): string | undefined {
  for (const each of loads) {
    const missing = each.missingSince(healed_ms)
    if (missing !== undefined) return missing
  }
  return undefined
}

function troubleOf({ ready, instances }: Status, { killed }: Struck): string | undefined {
  const victim = killed && instances.find(({ id, pid }) => id === killed.id && (pid ?? killed.pid) === killed.pid)
  if (victim) return `${victim.id} is no other process`
  if (ready) return undefined
  const unready = instances.filter((each) => !each.ready).map(({ id, reason }) => `${id}: ${reason ?? 'not ready'}`)
  return unready.join('; ') || 'the system is not ready'
}
