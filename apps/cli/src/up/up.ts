import { setTimeout as sleep } from 'node:timers/promises'
import { askStatus, type Status } from '../controller-client.js'
import { CliFailure } from '../failure.js'
import { type Local, local } from '../local.js'
import { banner } from './banner.js'
import { runningController, type StartedController } from './controller-process.js'
import { ensureController, start } from './kept-controller.js'
import { importSample } from './sample.js'
import { stopAll } from './stop-all.js'

const READY_MS_MAX = 180_000

/** Brings everything up, stays in the foreground, and stops everything on Ctrl-C or SIGTERM. @returns the exit status. */
export async function up(): Promise<number> {
  const here = local()
  const stop = new AbortController()
  const onSignal = (): void => {
    if (!stop.signal.aborted) process.stderr.write('\nStopping: no new work, what was begun is finished …\n')
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const started = (await runningController(here)) ? undefined : await start(here)
  const status = await untilReady(here, started, stop.signal)
  if (status) {
    await importSample(here, status, stop.signal).catch(async (error: unknown) => {
      await stopAll(here)
      throw new CliFailure('the sample journal could not be imported', { cause: error })
    })
    const after = (await askStatus(here)) ?? status
    process.stdout.write(banner(here, after))
    await watch(here, stop.signal)
  }
  await stopAll(here)
  return 0
}

async function untilReady(
  here: Local,
  started: StartedController | undefined,
  signal: AbortSignal,
): Promise<Status | undefined> {
  const end_ms = Date.now() + READY_MS_MAX
  let shown = ''
  while (!signal.aborted) {
    const status = await askStatus(here)
    if (status?.ready) {
      if (shown) process.stderr.write('\n')
      return status
    }
    shown = progress(status, shown)
    if (Date.now() > end_ms) {
      await stopAll(here)
      throw new CliFailure(notReady(here, status))
    }
    const failure = started?.failure()
    if (failure !== undefined && !(await runningController(here)))
      throw new CliFailure(`the controller ended while it started; it said:\n${failure}`)
    if (!status) await ensureController(here)
    await sleep(100)
  }
  return undefined
}

/** One line that says what is still being waited for. */
function progress(status: Status | undefined, shown: string): string {
  const waiting = status?.instances.filter(({ ready }) => !ready).map(({ id }) => id) ?? ['controller-1']
  const line = waiting.length > 0 ? `starting ${waiting.join(', ')}` : 'catching up'
  if (line !== shown) process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  return line
}

function notReady({ layout }: Local, status: Status | undefined): string {
  const reasons =
    status?.instances.flatMap(({ id, reason }) => (reason === undefined ? [] : [`  ${id}: ${reason}`])) ?? []
  return [`not ready after ${READY_MS_MAX / 1_000} s; the logs are in ${layout.logs}`, ...reasons].join('\n')
}

/** While in the foreground, a controller that dies is started again; the rest never notices. */
async function watch(here: Local, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await ensureController(here)
    await sleep(500, undefined, { signal }).catch(() => undefined)
  }
}
