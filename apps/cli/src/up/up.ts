import { setTimeout as sleep } from 'node:timers/promises'
import { askStatus } from '../controller-client.js'
import { CliFailure } from '../failure.js'
import { type Local, local } from '../local.js'
import { runningController, runsElsewhere } from '../running-controller.js'
import { banner } from './banner.js'
import { ensureController, start } from './kept-controller.js'
import { importSample } from './sample.js'
import { stopAll } from './stop-all.js'
import { untilReady } from './until-ready.js'

/**
 * Brings everything up, stays in the foreground, and stops everything on Ctrl-C or SIGTERM.
 *
 * @returns the exit status.
 * @throws CliFailure when it cannot be started, or not be stopped.
 */
export async function up(): Promise<number> {
  const here = local()
  const elsewhere = await runsElsewhere(here)
  if (elsewhere !== undefined) throw new CliFailure(elsewhere)
  const stop = new AbortController()
  const onSignal = (): void => {
    if (!stop.signal.aborted) process.stderr.write('\nStopping: no new work, what was begun is finished …\n')
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const started = (await runningController(here)) ? undefined : await start(here)
  const status = await untilReady(here, { started, signal: stop.signal })
  if (status) {
    await importSample(here, status, stop.signal).catch(async (error: unknown) => {
      await stopAll(here)
      throw new CliFailure('the sample journal could not be imported', { cause: error })
    })
    const after = (await askStatus(here)) ?? status
    process.stdout.write(banner(here, { ...after, ready: status.ready || after.ready }))
    await watch(here, stop.signal)
  }
  await stopAll(here)
  return 0
}

/** While in the foreground, a controller that dies is started again; the rest never notices. */
async function watch(here: Local, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await ensureController(here)
    await sleep(500, undefined, { signal }).catch(() => undefined)
  }
}
