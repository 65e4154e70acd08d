import { type RecordedEvent } from '#domain-kit'
import { missingTail } from '../../missing-tail.js'
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
  const tail: RecordedEvent[] = []
  for await (const { event } of readOn(reader, stream, BigInt(missing.from))) tail.push(event)
  // Others may have gone on while it was read: a tail that is too long is left out, a longer one is as good.
  if (tail.length > EVENTSTOREDB_LIMITS.conflict_tail_events)
    return { ...about, revision: tail.at(-1)?.revision ?? about.revision, tail: undefined }
  return { ...about, revision: tail.at(-1)?.revision ?? about.revision, tail }
}
