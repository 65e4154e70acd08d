import { missingTail, Tail } from '../../missing-tail.js'
import { type AppendResult } from '../../port.js'
import { type Planned } from '../log/planned.js'
import { EVENTSTOREDB_LIMITS } from '../limits.js'
import { readOn, type TailReader } from './read-tail.js'

/** What an expectation that does not hold is answered with: where the stream ends, and what stands behind the expectation. */
export async function conflictOf(reader: TailReader, planned: Planned, revision: number): Promise<AppendResult> {
  const { stream } = planned
  const about = { outcome: 'conflict', stream, revision: BigInt(revision) } as const
  const missing = missingTail([planned], stream, revision, EVENTSTOREDB_LIMITS)
  if (!missing) return { ...about, tail: undefined }
  if (missing.count === 0) return { ...about, tail: [] }
  const tail = new Tail(EVENTSTOREDB_LIMITS)
  // Others may have gone on while it was read: a longer one is as good, unless it is too long.
  for await (const { event } of readOn(reader, stream, BigInt(missing.from)))
    if (!tail.add(event)) return { ...about, revision: later(about.revision, event.revision), tail: undefined }
  return { ...about, revision: tail.events.at(-1)?.revision ?? about.revision, tail: tail.events }
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b)
