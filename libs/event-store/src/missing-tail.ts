import { type RecordedEvent } from '#domain-kit'
import { type Expected, type StoreLimits } from './port.js'
import { weightOf } from './weight.js'

/** What is written to a stream, or checked of it, upon an expectation. */
export interface Expectation {
  readonly stream: string
  readonly expected: Expected
}

/** Of a conflict: so many events from a revision on, up to where the stream ends. */
export interface MissingTail {
  readonly from: number
  readonly count: number
}

/**
 * What the sender of an append that conflicts has not seen of a stream. Where a write and a check name the same stream, all that any
 * expectation that fails there has not seen. One that is ahead of the stream misses nothing.
 *
 * @param revision at which the stream ends, -1 without events.
 * @returns undefined when it is more than a conflict carries.
 */
export function missingTail(
  expectations: readonly Expectation[],
  stream: string,
  revision: number,
  { conflict_tail_events }: StoreLimits,
): MissingTail | undefined {
  let from = revision + 1
  for (const each of expectations) if (each.stream === stream) from = Math.min(from, firstUnseen(each.expected, from))
  const count = revision + 1 - from
  return count > conflict_tail_events ? undefined : { from, count }
}

/** `any` never fails, and `exists` only where there is nothing to miss. */
function firstUnseen(expected: Expected, otherwise: number): number {
  if (typeof expected === 'bigint') return Number(expected) + 1
  return expected === 'none' ? 0 : otherwise
}

/** A tail in the making, as long as it is no more than a conflict carries. */
export class Tail {
  readonly events: RecordedEvent[] = []
  private bytes = 0

  constructor(private readonly limits: Pick<StoreLimits, 'conflict_tail_events' | 'conflict_tail_bytes'>) {}

  /** @returns whether it was not too much. */
  add(event: RecordedEvent): boolean {
    this.events.push(event)
    this.bytes += weightOf(event.data, event.metadata)
    const { conflict_tail_events, conflict_tail_bytes } = this.limits
    return this.events.length <= conflict_tail_events && this.bytes <= conflict_tail_bytes
  }
}
