import { stdin } from 'node:process'
import { importFile } from '../import/import-file.js'
import { ImportFailure } from '../import/import-failure.js'
import { ConnectionLost, RequestRefused } from '../import/post-lines.js'
import { importProgress } from '../import/progress.js'
import { CliFailure } from '../failure.js'
import { local, localToken } from '../local.js'

/** @returns the exit status: 1 when any transaction was refused. */
export async function importHledgerCommand(file: string, { book }: { book: string }): Promise<number> {
  const here = local()
  const progress = importProgress(`importing into ${book}`)
  try {
    const summary = await importFile({
      input: file,
      stdin,
      book,
      commandsUrl: `http://127.0.0.1:${here.ports.commands}`,
      token: () => localToken(here, { role: 'writer' }),
      onProgress: (done) => progress.show(done),
      onNotice: (text) => process.stderr.write(`${text}\n`),
    })
    progress.stop()
    process.stdout.write(`${JSON.stringify(summary)}\n`)
    return summary.refused > 0 ? 1 : 0
  } catch (error) {
    progress.stop()
    if (error instanceof ImportFailure || error instanceof ConnectionLost || error instanceof RequestRefused)
      throw new CliFailure(error.message)
    throw error
  }
}
