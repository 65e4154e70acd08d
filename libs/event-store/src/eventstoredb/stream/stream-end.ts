import { type Expected } from '../../port.js'

/** Where a stream ends: revision -1 and no id for one without events. */
export interface StreamEnd {
  readonly revision: number
  readonly lastId: string | undefined
}

export const NO_EVENTS: StreamEnd = { revision: -1, lastId: undefined }

/** Does the expectation hold at this end? `tip` must be the event that stands at the expected revision. */
export function holds(end: StreamEnd, expected: Expected, tip: string | undefined): boolean {
  if (expected === 'any') return true
  if (expected === 'none') return end.revision === -1
  if (expected === 'exists') return end.revision >= 0
  return end.revision === Number(expected) && (tip === undefined || tip === end.lastId)
}
