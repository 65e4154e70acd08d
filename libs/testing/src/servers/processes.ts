import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** Fields 3 and on of /proc/PID/stat, which follow the command's name (proc(5)); none when the process is gone. */
export function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** Processes with those that started them. */
function parents(): readonly (readonly [pid: number, parent: number])[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => [Number(pid), Number(statOf(Number(pid))[1])])
}

/** A process and all that it has started, itself first: also those that are sessions of their own, as Postgres' backends are. */
export function familyOf(pid: number): readonly number[] {
  const all = parents()
  const family = [pid]
  for (const member of family) family.push(...all.filter(([, parent]) => parent === member).map(([each]) => each))
  return family
}

/** Whoever has ended meanwhile is left out. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
}

/** What a process was started with. @throws Error when it is gone. */
export async function environmentOf(pid: number): Promise<Record<string, string>> {
  const entries = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((each) => each.includes('='))
  return Object.fromEntries(
    entries.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  )
}
