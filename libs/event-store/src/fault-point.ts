import { existsSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Places at which fault tests kill a writer:
 * - `before-commit` a batch is made up, nothing of it was sent to the database
 * - `after-commit` the database has committed it, nobody was told
 * - `in-takeover` the lease is taken, the term has not begun
 */
export type FaultPoint = 'before-commit' | 'after-commit' | 'in-takeover'

/** A folder that only fault tests name; in production it is unset, and a fault point is a comparison with undefined. */
const folder = process.env['HEADWATER_FAULT_POINTS']

/**
 * Ends this process by SIGKILL when a file of this name lies in the folder of fault points. The file goes first, so that of
 * several processes that share the folder exactly one dies.
 */
export function faultPoint(name: FaultPoint): void {
  if (folder === undefined) return
  const file = join(folder, name)
  if (!existsSync(file)) return
  try {
    unlinkSync(file)
  } catch {
    return // another process was faster
  }
  process.kill(process.pid, 'SIGKILL')
}

/** A number that is usually too large for a few clients, or a test of a few seconds, ever to come to it. In production it is the usual one. */
export function faultBound(name: 'NAMES_PER_RUN' | 'EARLY_EVENTS_MIN' | 'LINK_DEAD_MS', usual: number): number {
  return Number(process.env[`HEADWATER_FAULT_${name}`] ?? usual)
}
