import { type NameFilter } from './name-filter.js'
import { bucketOf, type RunKey, SLICE_BLOCKS, slicesOf } from './run.js'

/** Says of a name "never taken in this run", or "perhaps": one filter a slice, so that a run of any size is written and read in pieces of 1.3 MB. */
export class RunFilter {
  private readonly slices: (NameFilter | undefined)[]

  constructor(private readonly level: number) {
    this.slices = Array.from({ length: slicesOf(level) }, () => undefined)
  }

  /** The first slice that is not here yet; -1 when all are. */
  get missing(): number {
    return this.slices.indexOf(undefined)
  }

  set(slice: number, filter: NameFilter): void {
    this.slices[slice] = filter
  }

  mayHold(hash: Buffer, offset = 0): boolean {
    const slice = Math.floor(bucketOf(hash, this.level, offset) / SLICE_BLOCKS)
    // Of what is not here nothing can be denied.
    return this.slices[slice]?.mayHold(hash, offset) ?? true
  }
}

/** A run in force: what of it is in memory. */
export interface Run extends RunKey {
  /** Given when it came into force: two runs are the same only if their ids are, whatever log they were read from. */
  readonly id: string
  readonly filter: RunFilter
}
