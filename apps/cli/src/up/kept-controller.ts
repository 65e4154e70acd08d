import { type Local } from '../local.js'
import { runningController, startController, type StartedController } from './controller-process.js'

const START_PAUSE_MS = 5_000

/** What this process has started last. */
const last: { start_ms: number; controller?: StartedController | undefined } = { start_ms: 0 }

export async function start(here: Local): Promise<StartedController> {
  last.start_ms = Date.now()
  last.controller = await startController(here)
  return last.controller
}

/** Has the controller that was started last not ended? It is given its time, however slow the machine. */
export function isStarted(): boolean {
  return last.controller?.hasEnded() === false
}

/** Starts a controller if none runs, or is starting; one every 5 s at most, if nothing else is said. @returns whether it did. */
export async function ensureController(here: Local, pause_ms = START_PAUSE_MS): Promise<boolean> {
  if ((await runningController(here)) || isStarted() || Date.now() - last.start_ms <= pause_ms) return false
  await start(here)
  return true
}
