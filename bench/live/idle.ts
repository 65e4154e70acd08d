import { setTimeout as sleep } from 'node:timers/promises'
import { residentMemory_mb } from '../support/processor.js'
import { type Crowd, type Where } from './crowd.js'

/** Looks at memory, and the time from one to the next. */
const LOOKS = 10
const PAUSE_MS = 500

/** Opens all sockets. @returns KiB of the server's resident memory that each takes while nothing happens. */
export async function openIdle(crowd: Crowd, where: Where, sockets: number, pid: number): Promise<number> {
  // What the first connections make a process load and reserve is no one socket's.
  const first = Math.ceil(sockets / 10)
  await crowd.open(where, first)
  await crowd.close(where.group)
  const before_mb = await quiet_mb(pid)
  await crowd.open(where, sockets)
  return (((await quiet_mb(pid)) - before_mb) * 1_024) / sockets
}

/** The least of some looks: the collector has been there. */
async function quiet_mb(pid: number): Promise<number> {
  let least = Infinity
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(PAUSE_MS)
    least = Math.min(least, residentMemory_mb(pid))
  }
  return least
}
