import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileAtomically, writeFileAtomically } from '#runtime'

/** Who runs where: enough to find a process again after its supervisor died, and not to mistake another for it. */
export interface PidFile {
  readonly pid: number
  /** Start time in the kernel's words: a pid may be given to somebody else. */
  readonly started: string
  /** Of a controller: the first port of its system. */
  readonly portBase?: number
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process (or it is a zombie). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export function isAlive({ pid, started }: PidFile): boolean {
  return startOf(pid) === started
}

export async function readPidFile(file: string): Promise<PidFile | undefined> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as PidFile
    return isAlive(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** @returns the names of the processes that run, of all that have a pid file in this folder. */
export async function runningIn(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
  const found = await Promise.all(files.map((name) => readPidFile(join(folder, name))))
  return files.filter((_, at) => found[at] !== undefined).map((name) => name.slice(0, -'.json'.length))
}

/** @returns undefined when the process is gone already. */
export async function writePidFile(
  file: string,
  pid: number,
  more: Pick<PidFile, 'portBase'> = {},
): Promise<PidFile | undefined> {
  const started = startOf(pid)
  if (started === undefined) return undefined
  await writeFileAtomically(file, JSON.stringify({ pid, started, ...more }), 0o644)
  return { pid, started, ...more }
}

/**
 * As {@link writePidFile}, unless the file names a process that runs.
 *
 * @returns that process; undefined when the file is ours.
 */
export async function claimPidFile(file: string, pid: number): Promise<PidFile | undefined> {
  const mine = JSON.stringify({ pid, started: startOf(pid) })
  for (;;) {
    if (await createFileAtomically(file, mine, 0o644)) return undefined
    const other = await readPidFile(file)
    if (other) return other
    await removeStale(file)
  }
}

/** Whoever was faster may have put another one there since it was read, which goes back. */
async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.old`
  try {
    await rename(file, aside)
    if (await readPidFile(aside)) await link(aside, file)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await removePidFile(aside)
  }
}

/** Of the controller that has written this file last, whether or not it runs; undefined when that is not known. */
export async function portBaseIn(file: string): Promise<number | undefined> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as PidFile).portBase
  } catch {
    return undefined
  }
}

export async function removePidFile(file: string): Promise<void> {
  await rm(file, { force: true })
}
