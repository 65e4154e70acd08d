import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Status } from '#local-runtime'
import { projectRoot } from '#runtime'
import { importFile } from '../import/import-file.js'
import { importProgress } from '../import/progress.js'
import { type Local, localToken } from '../local.js'

/** An empty log of a system that is ready gets half a year of a household into the book `demo`, so that there is something to look at. */
export async function importSample(here: Local, status: Status, signal: AbortSignal): Promise<void> {
  if (!status.ready || status.position !== '0' || here.config.HEADWATER_JWKS_URL !== undefined) return
  const progress = importProgress('importing the sample journal into book demo')
  try {
    const { imported } = await importFile({
      input: join(projectRoot(), 'samples', 'household.json'),
      stdin: Readable.from([]),
      book: 'demo',
      commandsUrl: status.urls.commands,
      token: () => localToken(here, { role: 'writer' }),
      onProgress: (done) => progress.show(done),
      onNotice: (text) => process.stderr.write(`${text}\n`),
      signal,
    })
    progress.stop()
    process.stderr.write(`book demo: ${imported} transactions imported\n`)
  } catch (error) {
    progress.stop()
    if (!signal.aborted) throw error
  }
}
