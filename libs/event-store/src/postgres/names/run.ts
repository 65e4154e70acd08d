import { readInt32 } from '../../log/binary.js'

/** So many runs of one level become one of the next, in which three more bits of the hash say where a name is. */
export const FAN_IN = 8
const FAN_IN_BITS = 3
/** Blocks of one slice: some 512 names each, 12 KB. A slice has as many names as a run of level 0, which is one slice. */
export const SLICE_BLOCKS = 1_024
const SLICE_BITS = 10
/** Above it nothing is merged: a run of it has 2^40 names, and 31 bits say which block. */
export const LEVEL_MAX = 7

/** Which run. Level 0 is what was sealed; its names are those up to `last`, a position, that no older run has. */
export interface RunKey {
  readonly level: number
  readonly last: number
}

export const slicesOf = (level: number): number => FAN_IN ** level

/** The block of a run of this level that has the name, if the run has: by its first 10 bits at level 0. */
export function bucketOf(hash: Uint8Array, level: number, offset = 0): number {
  return readInt32(hash, offset) >>> (32 - SLICE_BITS - FAN_IN_BITS * level)
}
