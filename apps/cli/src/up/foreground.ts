import { mkdir } from 'node:fs/promises'
import { claimPidFile, removePidFile } from '#local-runtime'
import { reasonOf } from '#runtime'
import { CliFailure } from '../failure.js'
import { type Local } from '../local.js'

/**
 * Does what only one may do on a data folder at a time: two would undo what each other does.
 *
 * @throws CliFailure while somebody else does; and whatever `run` throws.
 */
export async function inForeground<T>({ layout }: Local, run: () => Promise<T>): Promise<T> {
  await mkdir(layout.root, { recursive: true })
  const other = await claimPidFile(layout.up, process.pid).catch((error: unknown) => {
    // On a full disk, too, what runs on it can be taken over, and stopped.
    process.emitWarning(`that this is "headwater up" of ${layout.root} could not be written down: ${reasonOf(error)}`)
    return undefined
  })
  if (other)
    throw new CliFailure(
      `"headwater up" runs already on the data folder ${layout.root}, as process ${other.pid}: Ctrl-C there stops everything, and "npx headwater status" shows it`,
    )
  try {
    return await run()
  } finally {
    await removePidFile(layout.up)
  }
}
