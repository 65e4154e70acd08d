import { setTimeout as sleep } from 'node:timers/promises'
import { runningIn } from '#local-runtime'
import { askStop } from '../controller-client.js'
import { CliFailure } from '../failure.js'
import { type Local } from '../local.js'
import { runningController } from '../running-controller.js'
import { ensureController, startedPid } from './kept-controller.js'

/** The roles stop one after the other, each for as long as it may drain; servers and what is overdue come to 120 s. */
const ROLES = 7
const OTHERS_MS_MAX = 195_000
const STARTS_MAX = 3

export interface StopOptions {
  /** Between the starts of two controllers, at least. Default 5,000. */
  readonly start_pause_ms?: number
}

/**
 * Stops everything that runs on this data folder. A controller that is dead, or dies meanwhile, is started again for it: only it knows
 * the order, and its processes run on without it.
 *
 * @throws CliFailure when something still runs after 300 s (longer as roles may drain for longer than 15 s), or after 3 controllers were started for it.
 */
export async function stopAll(here: Local, { start_pause_ms }: StopOptions = {}): Promise<void> {
  const end_ms = Date.now() + ROLES * here.config.HEADWATER_DRAIN_MS + OTHERS_MS_MAX
  let starts = 0
  let told: number | undefined
  for (;;) {
    const left = await runningIn(here.layout.run)
    // One that is starting yet must not be left to itself; it can be told as soon as it answers, known to others or not.
    const pid = (await runningController(here))?.pid ?? startedPid()
    if (left.length === 0 && pid === undefined) break
    const isGivenUp = pid === undefined && starts === STARTS_MAX
    if (isGivenUp || Date.now() > end_ms) throw new CliFailure(stillRunning(here, left))
    if (pid === undefined) starts += Number(await ensureController(here, start_pause_ms))
    else if (pid !== told && (await askStop(here))) told = pid
    await sleep(50)
  }
  process.stderr.write('Stopped. All data is kept.\n')
}

function stillRunning({ layout }: Local, left: readonly string[]): string {
  return `not stopped, still running: ${left.join(', ')}; the logs are in ${layout.logs}, the process ids in ${layout.run}`
}
