import { setTimeout as sleep } from 'node:timers/promises'
import { type Status } from '#local-runtime'
import { askStatus } from '../controller-client.js'
import { CliFailure } from '../failure.js'
import { type Local } from '../local.js'
import { CONTROLLER, runningController } from '../running-controller.js'
import { type StartedController } from './controller-process.js'
import { ensureController } from './kept-controller.js'
import { stopAll } from './stop-all.js'

const READY_MS_MAX = 180_000
/** Of a process that ends again and again: it does nothing for anybody, and waiting does not mend it. */
const ENDED_STATES: readonly string[] = ['backoff', 'crash-loop']

export interface ReadyOptions {
  /** Of this process. */
  readonly started: StartedController | undefined
  readonly signal: AbortSignal
  /** How long to wait for all to be ready. Default 180,000. */
  readonly ready_ms_max?: number
}

/**
 * Waits until all is ready. What runs but is not ready after that time may be for good reasons (a projection that has stopped at an event or
 * is built anew, a replica that is copied), while everything else serves: that is no reason to stop.
 *
 * @returns the status, ready or not; undefined when it was interrupted.
 * @throws CliFailure when the controller does not answer, or some process does not stay alive: then everything was stopped.
 */
export async function untilReady(here: Local, options: ReadyOptions): Promise<Status | undefined> {
  const { started, signal, ready_ms_max = READY_MS_MAX } = options
  const end_ms = Date.now() + ready_ms_max
  let shown = ''
  let hasAnswered = false
  while (!signal.aborted) {
    const status = await askStatus(here)
    hasAnswered ||= status !== undefined
    const isLate = Date.now() > end_ms
    if (status && (status.ready || (isLate && !status.instances.some(hasEnded)))) {
      if (shown) process.stderr.write('\n')
      return status
    }
    shown = progress(status, shown)
    if (isLate) {
      await stopAll(here)
      throw new CliFailure(notReady(here, status, ready_ms_max))
    }
    // One that dies once it has answered has started processes, which run on: it is started again.
    const failure = hasAnswered ? undefined : started?.failure()
    if (failure !== undefined && !(await runningController(here)))
      throw new CliFailure(`the controller ended while it started; it said:\n${failure}`)
    if (!status) await ensureController(here)
    await sleep(100)
  }
  return undefined
}

/** Why not all is ready, a line a reason. */
export function reasonsIn({ instances }: Status): readonly string[] {
  const reasons = instances.flatMap(({ id, ready, state, reason }) => (ready ? [] : [`  ${id}: ${reason ?? state}`]))
  return reasons.length > 0 ? reasons : ['  the read models have not come to the end of the log']
}

const hasEnded = ({ state, pid }: Status['instances'][number]): boolean => pid === null && ENDED_STATES.includes(state)

/** One line that says what is still being waited for. */
function progress(status: Status | undefined, shown: string): string {
  const waiting = status?.instances.filter(({ ready }) => !ready).map(({ id }) => id) ?? [CONTROLLER]
  const line = waiting.length > 0 ? `starting ${waiting.join(', ')}` : 'catching up'
  if (line !== shown) process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  return line
}

function notReady({ layout }: Local, status: Status | undefined, ready_ms_max: number): string {
  const reasons = status ? reasonsIn(status) : []
  return [`not ready after ${ready_ms_max / 1_000} s; the logs are in ${layout.logs}`, ...reasons].join('\n')
}
