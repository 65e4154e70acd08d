import { missingTail, Tail } from '../../missing-tail.js'
import { type AppendResult } from '../../port.js'
import { EVENTSTOREDB_LIMITS } from '../limits.js'
import { type Planned } from '../log/planned.js'
import { readOn, type TailReader } from './read-tail.js'

/**
 * What expectations that do not hold are answered with: where their stream ends, and what stands behind each of them if it was asked for.
 * Those of a chain fail together and miss the same events or fewer: one read serves them all, none when nobody needs a tail.
 *
 * @param revision at which the stream ends, -1 without events.
 * @returns the answer to each of them.
 * @throws StoreUnavailable
 */
export async function conflictsOf(
  reader: TailReader,
  stream: string,
  revision: number,
  refused: readonly Planned[],
): Promise<(planned: Planned) => AppendResult> {
  const missing = (planned: Planned): ReturnType<typeof missingTail> =>
    planned.needsTail ? missingTail([planned], stream, revision, EVENTSTOREDB_LIMITS) : undefined
  const wanted = new Set(refused.flatMap((planned) => missing(planned)?.from ?? []))
  const { tails, last } = await readTails(reader, stream, revision, wanted)
  return (planned) => {
    const from = missing(planned)?.from
    return {
      outcome: 'conflict',
      stream,
      revision: BigInt(last),
      tail: from === undefined ? undefined : tails.get(from)?.events,
    }
  }
}

interface Tails {
  /** By the revision that each begins with; one that became too long is gone. */
  readonly tails: ReadonlyMap<number, Tail>
  /** Others may have gone on while they were read: longer ones are as good. */
  readonly last: number
}

async function readTails(
  reader: TailReader,
  stream: string,
  revision: number,
  wanted: ReadonlySet<number>,
): Promise<Tails> {
  const tails = new Map([...wanted].map((from) => [from, new Tail(EVENTSTOREDB_LIMITS)]))
  const first = Math.min(...wanted)
  let last = revision
  if (first > revision) return { tails, last }
  for await (const { event } of readOn(reader, stream, BigInt(first))) {
    const at = Number(event.revision)
    last = Math.max(last, at)
    for (const [from, tail] of tails) if (at >= from && !tail.add(event)) tails.delete(from)
    if (tails.size === 0) break
  }
  return { tails, last }
}
