import { type Carrier, type NamedResource, type Place, type Reader } from '#read-models'
import { type Change } from './messages.js'

const ITEMS_MAX = 1_000
const ORDINAL_MAX = 2_147_483_647

/** What was missed, and up to where. */
export interface Missed {
  readonly position: bigint
  readonly changes: readonly Change[]
}

/** What was missed of a list, as far as it was read at once. */
export interface Chunk extends Missed {
  readonly build: number
  /** Where the rest begins. */
  readonly next: Place | undefined
  /** Where what comes later begins. */
  readonly end: Place
}

/** Behind everything that a position holds. */
export const endOf = (position: bigint): Place => ({ position, ordinal: ORDINAL_MAX })

/** Items after a place, whole positions only: a position is told once, with all its items. As many as are asked for, or fewer where they are large. @throws Problem */
export async function readChunk(
  reader: Pick<Reader, 'missed'>,
  named: NamedResource,
  after: Place,
  minPosition: bigint,
  limit = ITEMS_MAX,
): Promise<Chunk> {
  const { position, build, items, isComplete } = await reader.missed(named, after, limit, { minPosition })
  const cut = isComplete ? undefined : items.at(-1)?.place.position
  const told = cut === undefined ? items : items.filter(({ place }) => place.position < cut)
  // One position with more, or larger, items than were read: what it may have is bounded by the command that made them.
  if (told.length === 0 && !isComplete) return readChunk(reader, named, after, minPosition, limit * 2)
  const groups = new Map<bigint, object[]>()
  for (const { place, item } of told) groups.set(place.position, [...(groups.get(place.position) ?? []), item])
  const changes = [...groups].map(([at, each]) => ({ position: at.toString(), data: { items: each } }))
  const last = told.at(-1)?.place.position
  const next = isComplete || last === undefined ? undefined : endOf(last)
  return { position, build, changes, next, end: endOf(last !== undefined && last > position ? last : position) }
}

/** Was what a reader was told up to a position told by this build? It goes on only then. */
export function isContinued(carrier: Carrier | undefined, build: number, after: bigint): boolean {
  return carrier?.build === build && (carrier.liveAt === 0n || after > carrier.liveAt)
}
