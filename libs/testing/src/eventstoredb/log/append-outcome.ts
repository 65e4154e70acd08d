import { type LoggedEvent, NO_REVISION, type ProposedEvent } from './event.js'
import { type Expectation } from './expectation.js'
import { type RecentEvents } from './recent-events.js'
import { type Stream } from './stream.js'

/** What the server makes of an append before it writes anything. */
export type AppendOutcome =
  | { readonly kind: 'write' }
  /** All of it was written before: `last` is the event that its last one repeats. */
  | { readonly kind: 'repeat'; readonly last: LoggedEvent }
  | { readonly kind: 'wrong-version'; readonly current: bigint }
  | { readonly kind: 'deleted' }

const WRITE = { kind: 'write' } as const
const DELETED = { kind: 'deleted' } as const

/** The whole table of what is idempotent, as recorded; `recent` is the deciding node's memory. */
export function decideAppend(
  stream: Stream,
  recent: RecentEvents,
  expected: Expectation,
  events: readonly ProposedEvent[],
): AppendOutcome {
  if (stream.tombstone !== undefined) return DELETED
  const refused = { kind: 'wrong-version', current: stream.head } as const
  if (typeof expected === 'bigint') {
    if (expected === stream.head) return WRITE
    if (expected > stream.head) return refused
    return repeatsAt(stream, expected + 1n, events) ?? (startsAnew(stream, expected) ? WRITE : refused)
  }
  if (expected === 'stream_exists') {
    if (stream.head === NO_REVISION) return refused
    if (stream.softDeleted) return DELETED
  }
  return repeatsRecent(stream.name, recent, events, refused)
}

/** An exact expectation is looked up in the stream itself, so it is idempotent for ever. */
function repeatsAt(stream: Stream, first: bigint, events: readonly ProposedEvent[]): AppendOutcome | undefined {
  let last: LoggedEvent | undefined
  for (const [index, { id }] of events.entries()) {
    last = stream.at(first + BigInt(index))
    if (last?.id !== id) return undefined
  }
  return last && { kind: 'repeat', last }
}

const startsAnew = (stream: Stream, expected: bigint): boolean => expected === NO_REVISION && stream.softDeleted

/** Only the first event decides whether this is a repetition; then every other must be known too, in any order. */
function repeatsRecent(
  stream: string,
  recent: RecentEvents,
  events: readonly ProposedEvent[],
  refused: AppendOutcome,
): AppendOutcome {
  const known = events.map(({ id }) => recent.find(stream, id))
  const last = known.at(-1)
  if (known[0] === undefined) return WRITE
  return last === undefined || known.includes(undefined) ? refused : { kind: 'repeat', last }
}
