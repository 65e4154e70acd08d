import { readFileSync } from 'node:fs'
import { familyOf, statOf } from '#testing'

/** What the kernel counts processor time in: 100 a second on every Linux that Node runs on. */
const TICK_US = 10_000

/** Processor time that a process and all that it has started have used, those that have ended too, in microseconds; 0 when it is gone. */
export function processorOf(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + timeOf(each), 0)
}

/** Fields 14 to 17 of /proc/PID/stat: in user code and in the kernel, and the same of children that have ended. */
function timeOf(pid: number): number {
  const ticks = statOf(pid).slice(11, 15).map(Number)
  return ticks.reduce((sum, each) => sum + each, 0) * TICK_US
}

/** Memory that a process holds, in MiB; NaN when it is gone. */
export function residentMemory_mb(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return Number(kib ?? NaN) / 1_024
  } catch {
    return NaN
  }
}
