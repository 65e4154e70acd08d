import { askStatus } from '../controller-client.js'
import { CliFailure } from '../failure.js'
import { type Local, local } from '../local.js'
import { runningController, runsElsewhere } from '../running-controller.js'
import { banner } from './banner.js'
import { inForeground } from './foreground.js'
import { start } from './kept-controller.js'
import { importSample } from './sample.js'
import { stopAll } from './stop-all.js'
import { differences } from './taken-over.js'
import { untilReady } from './until-ready.js'
import { watch } from './watch.js'

/**
 * Brings everything up, stays in the foreground, and stops everything on Ctrl-C or SIGTERM.
 *
 * @returns the exit status.
 * @throws CliFailure when it cannot be started, or not be stopped, and while another `up` runs on the same data folder.
 */
export async function up(): Promise<number> {
  const here = local()
  const elsewhere = await runsElsewhere(here)
  if (elsewhere !== undefined) throw new CliFailure(elsewhere)
  await inForeground(here, () => run(here))
  return 0
}

async function run(here: Local): Promise<void> {
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
    const others = started ? undefined : differences(here, after)
    if (others !== undefined) process.stderr.write(`${others}\n`)
    await watch(here, stop.signal)
  }
  await stopAll(here)
}
