import { type EventFilter } from './port.js'

/** Is an event of this aggregate and of this type wanted? */
export type Wanted = (aggregate: string, type: string) => boolean

/** @returns undefined when all are. */
export function wantedBy(only: EventFilter | undefined): Wanted | undefined {
  if (!only) return undefined
  const aggregates = only.aggregates && new Set(only.aggregates)
  const types = only.types && new Set(only.types)
  return (aggregate, type) => aggregates?.has(aggregate) !== false && types?.has(type) !== false
}
