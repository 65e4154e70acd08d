import { type Local } from '../local.js'
import { runningController } from '../running-controller.js'
import { startController, type StartedController } from './controller-process.js'

const START_PAUSE_MS = 5_000

/** What this process has started last. */
const last: { start_ms: number; controller?: StartedController | undefined } = { start_ms: 0 }

export async function start(here: Local): Promise<StartedController> {
  last.start_ms = Date.now()
  last.controller = await startController(here)
  return last.controller
}

/** Of the controller that was started last, unless it has ended. It is given its time, however slow the machine. */
export function startedPid(): number | undefined {
  return last.controller?.hasEnded() === false ? last.controller.pid : undefined
}

/** Starts a controller if none runs, or is starting; one every 5 s at most, if nothing else is said. @returns whether it did. */
export async function ensureController(here: Local, pause_ms = START_PAUSE_MS): Promise<boolean> {
  if ((await runningController(here)) || startedPid() !== undefined || Date.now() - last.start_ms <= pause_ms)
    return false
  await start(here)
  return true
}
