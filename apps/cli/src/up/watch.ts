import { setTimeout as sleep } from 'node:timers/promises'
import { type Local } from '../local.js'
import { isStopped } from '../running-controller.js'
import { ensureController, startedPid } from './kept-controller.js'

/**
 * While in the foreground, a controller that dies is started again; the rest never notices. Resolves when it is interrupted, or when somebody
 * else had everything stopped.
 */
export async function watch(here: Local, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (startedPid() === undefined && (await isStopped(here))) return
    await ensureController(here)
    await sleep(500, undefined, { signal }).catch(() => undefined)
  }
}
