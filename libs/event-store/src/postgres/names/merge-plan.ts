import { type StoredRun } from './run-store.js'
import { FAN_IN, LEVEL_MAX, type RunKey, slicesOf } from './run.js'

/** What takes one transaction. */
export type MergeStep =
  /** Writes one slice of the merged run. */
  | { readonly kind: 'copy'; readonly target: RunKey; readonly sources: readonly RunKey[]; readonly slice: number }
  /** Brings the merged run into force in place of the others. */
  | { readonly kind: 'swap'; readonly target: RunKey; readonly sources: readonly RunKey[] }
  /** Deletes the last slice of what is no longer in force. */
  | { readonly kind: 'forget'; readonly run: RunKey; readonly slice: number }

/**
 * What is to be done next, by what is stored alone, so that a merge goes on where it was interrupted, whoever goes on. The oldest
 * eight of a level become one of the next: new ones come behind them, so they stay the oldest until they are merged. Small runs go
 * first, since that makes most fewer for what it costs.
 *
 * @param stored oldest first, as it was read in one snapshot: what is not in force there, and nobody is making, is deleted.
 */
export function nextStep(stored: readonly StoredRun[]): MergeStep | undefined {
  const merges = mergesOf(stored)
  const isBeingMade = (run: RunKey): boolean => merges.some(({ target }) => isSame(target, run))
  const old = stored.find((each) => each.id === undefined && !isBeingMade(each))
  if (old) return { kind: 'forget', run: old, slice: old.slices - 1 }
  const [merge] = merges
  if (!merge) return undefined
  const slice = stored.find((each) => isSame(each, merge.target))?.slices ?? 0
  return slice < slicesOf(merge.target.level) ? { kind: 'copy', ...merge, slice } : { kind: 'swap', ...merge }
}

const isSame = (a: RunKey, b: RunKey): boolean => a.level === b.level && a.last === b.last

/** Of each level that has enough runs, the smallest first. */
function mergesOf(stored: readonly StoredRun[]): { readonly target: RunKey; readonly sources: readonly RunKey[] }[] {
  const merges = []
  for (let level = 0; level < LEVEL_MAX; level += 1) {
    const sources = stored.filter((each) => each.id !== undefined && each.level === level).slice(0, FAN_IN)
    const last = sources[FAN_IN - 1]?.last
    if (last !== undefined) merges.push({ target: { level: level + 1, last }, sources })
  }
  return merges
}
