import { type Position, START } from '@eventstore/db-client'

/**
 * An event's position is its commit position + 1: 0n stays what is before everything, also where the first event of a log
 * has commit position 0. Commit positions are byte offsets: they grow, with gaps.
 */
export const positionOf = (commit: bigint): bigint => commit + 1n

/** Where reading after a position begins (exclusively): at the event of that position. */
export function placeOfPosition(position: bigint): Position | typeof START {
  return position <= 0n ? START : { commit: position - 1n, prepare: position - 1n }
}
