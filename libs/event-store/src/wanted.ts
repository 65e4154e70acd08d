import { type RecordedEvent } from '#domain-kit'
import { type EventFilter } from './port.js'

/** Is this event wanted? */
export type Wanted = (event: Pick<RecordedEvent, 'aggregate' | 'type'>) => boolean

/** @returns undefined when all are. */
export function wantedBy(only: EventFilter | undefined): Wanted | undefined {
  if (!only) return undefined
  const aggregates = only.aggregates && new Set(only.aggregates)
  const types = only.types && new Set(only.types)
  return ({ aggregate, type }) => aggregates?.has(aggregate) !== false && types?.has(type) !== false
}
