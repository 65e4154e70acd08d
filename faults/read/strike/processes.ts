import { readdirSync, readFileSync } from 'node:fs'

/** A process and all that it has started, itself first. */
export function familyOf(pid: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const)
  const family = [pid]
  for (const member of family) family.push(...parents.filter(([, parent]) => parent === member).map(([each]) => each))
  return family
}

/** Field 4 of /proc/PID/stat; undefined when the process is gone. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

/** Stops a process, then its children: it starts no more meanwhile. @returns goes on with all of them. */
export function pauseFamily(pid: number): () => void {
  process.kill(pid, 'SIGSTOP')
  const family = familyOf(pid)
  for (const each of family) signalIfThere(each, 'SIGSTOP')
  return () => {
    for (const each of family) signalIfThere(each, 'SIGCONT')
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
