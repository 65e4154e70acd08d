import { randomUUID } from 'node:crypto'
import { link, open, rename, rm } from 'node:fs/promises'

/** Writes beside the file, syncs, renames: a reader or a crash sees the old content or the new, never a part. */
export async function writeFileAtomically(file: string, content: string, mode: number): Promise<void> {
  await beside(file, content, mode, (written) => rename(written, file))
}

/**
 * Makes the file, whole and synced, unless there is one, which is left as it is: of several who make it at the same time one does.
 *
 * @returns whether it was made.
 */
export async function createFileAtomically(file: string, content: string, mode: number): Promise<boolean> {
  try {
    await beside(file, content, mode, (written) => link(written, file))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Nothing is left there, whatever comes of it. */
async function beside(
  file: string,
  content: string,
  mode: number,
  use: (written: string) => Promise<void>,
): Promise<void> {
  const written = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(written, 'wx', mode)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await use(written)
  } finally {
    await rm(written, { force: true })
  }
}
