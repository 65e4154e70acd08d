import { readFile } from 'node:fs/promises'

/**
 * What a file holds, as JSON.
 *
 * @returns undefined when there is no such file.
 * @throws Error naming the file when it cannot be read, or holds something else.
 */
export async function readJsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
