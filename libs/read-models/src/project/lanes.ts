import { type AnyProjection, streamOf } from '#domain-kit'
import { hashOf } from './hash.js'

/**
 * Partitions of the log, by a stable hash of the stream. What they bound is how many projectors can share the work; the number is part of
 * what is stored, so it never changes.
 */
export const PARTITIONS = 8

/** The lane of projections whose rows span streams: every event passes through it. The partitions are the lanes 1 to {@link PARTITIONS}. */
export const WHOLE = 0

export const LANES: readonly number[] = Array.from({ length: PARTITIONS + 1 }, (_, lane) => lane)

const STREAMS_KNOWN_MAX = 20_000
const known = new Map<string, number>()

/** The partition of a stream: 1 to {@link PARTITIONS}. */
export function partitionOf(stream: string): number {
  const found = known.get(stream)
  if (found !== undefined) return found
  const hash = hashOf(stream)
  const lane = 1 + (((hash ^ (hash >>> 15)) >>> 0) % PARTITIONS)
  if (known.size >= STREAMS_KNOWN_MAX) known.clear()
  known.set(stream, lane)
  return lane
}

/** The lanes that a projection is folded in. */
export const lanesOf = ({ isPartitioned }: { readonly isPartitioned: boolean }): readonly number[] =>
  isPartitioned ? LANES.slice(1) : [WHOLE]

/** The lane in which the rows of one aggregate instance are folded; undefined when the parameters name none of a partitioned projection: all of them. */
export function laneFor(
  { isPartitioned, projection }: { readonly isPartitioned: boolean; readonly projection: AnyProjection },
  params: Readonly<Record<string, string>>,
): number | undefined {
  if (!isPartitioned) return WHOLE
  const id = params[projection.of.name]
  return id === undefined ? undefined : partitionOf(streamOf(projection.of.name, id))
}
