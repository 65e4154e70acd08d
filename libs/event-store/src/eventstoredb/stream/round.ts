import { type AppendResult } from '../../port.js'
import { type Planned } from '../log/planned.js'
import { type NamePlace } from '../names/name-index.js'
import { holds, type StreamEnd } from './stream-end.js'

/** Of one append to the server, unless a single one of ours is larger. */
const EVENTS_MAX = 500
const BYTES_MAX = 512 * 1024

/** What becomes of the appends that wait for one stream. */
export interface Round<A extends { readonly planned: Planned }> {
  /** Go to the server together, in order, all or none. */
  readonly accepted: readonly A[]
  /** Their names are taken: answered without asking the server. */
  readonly settled: readonly (readonly [A, AppendResult])[]
  /** Their expectations fail on what is committed as far as known. */
  readonly refused: readonly A[]
  /** Must know first what becomes of the accepted ones, or have no room beside them. */
  readonly later: readonly A[]
}

/** The world before the round. */
export interface World {
  readonly head: StreamEnd
  find(key: string): NamePlace | undefined
}

/**
 * Decides on the appends of one stream in their order, each upon what the accepted ones before it lead to. Nothing is refused for
 * the sake of an event that is not committed yet.
 */
export function decideRound<A extends { readonly planned: Planned }>(waiting: readonly A[], world: World): Round<A> {
  const accepted: A[] = []
  const settled: [A, AppendResult][] = []
  const refused: A[] = []
  const later: A[] = []
  const mine = new Set<string>()
  let { head } = world
  const room = { events: EVENTS_MAX, bytes: BYTES_MAX }
  for (const [at, each] of waiting.entries()) {
    const { planned } = each
    const keys = keysOf(planned)
    const answer = taken(planned, world)
    if (answer) settled.push([each, answer])
    else if (keys.some((key) => mine.has(key))) later.push(each)
    else if (!holds(head, planned.expected, planned.tip)) (accepted.length > 0 ? later : refused).push(each)
    else if (accepted.length > 0 && (planned.events.length > room.events || planned.bytes > room.bytes)) {
      later.push(...waiting.slice(at))
      break
    } else {
      accepted.push(each)
      for (const key of keys) mine.add(key)
      head = { revision: head.revision + planned.events.length, lastId: planned.lastId }
      room.events -= planned.events.length
      room.bytes -= planned.bytes
    }
  }
  return { accepted, settled, refused, later }
}

export function keysOf({ command, claims }: Planned): readonly string[] {
  return [command, ...claims.map(({ key }) => key)]
}

function taken({ stream, command, claims, requestHash }: Planned, { find }: World): AppendResult | undefined {
  const before = find(command)
  if (before && before.requestHash !== requestHash) return { outcome: 'mismatch', position: before.position }
  if (before) return { outcome: 'replayed', stream, revision: before.revision, position: before.position }
  for (const { key, claim } of claims) {
    const by = find(key)
    if (!by) continue
    const { revision, position, requestHash: hash } = by
    return { outcome: 'claimed', claim, requestHash: hash, place: { stream, revision, position } }
  }
  return undefined
}
