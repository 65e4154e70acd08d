import { type AnyProjection } from '#domain-kit'
import { schemaOf } from '../tables/table.js'

/** What a build of a projection version is for; see {@link LANES_SQL}. */
export const SLOTS = ['live', 'next', 'previous'] as const
export type Slot = (typeof SLOTS)[number]

/** Queries name the live one only; promotion renames schemas. No projection's name holds a `$`. */
export function schemaIn(projection: Pick<AnyProjection, 'name' | 'version'>, slot: Slot): string {
  const live = schemaOf(projection)
  return slot === 'live' ? live : `${live}$${slot}`
}
