import { type Expected } from '../port.js'
import { type PlannedExpectation } from './planned.js'

/** Where a stream ends: revision -1 and no id for one without events. Moves on as its events are planned. */
export interface StreamHead {
  revision: number
  /** As `idOfTail` gives it. */
  lastId: string | undefined
  /** When somebody else's append to it made one fail last, in ms on the process's monotonic clock. */
  refused_ms: number
}

export const noEvents = (): StreamHead => ({ revision: -1, lastId: undefined, refused_ms: -Infinity })

/** Does the expectation hold for this head? `tip` must be the event that stands at the expected revision. */
export function holds(head: StreamHead, expected: PlannedExpectation, tip: string | undefined): boolean {
  if (expected === 'any') return true
  if (expected === 'none') return head.revision === -1
  if (expected === 'exists') return head.revision >= 0
  return head.revision === expected && (tip === undefined || tip === head.lastId)
}

/**
 * Where this expectation fails, did somebody else append? Behind one of its own that came to nothing a chain of appends finds that its
 * stream has not come so far.
 */
export function isOvertaken(revision: number, expected: PlannedExpectation | Expected): boolean {
  if (expected === 'none') return true
  return typeof expected !== 'string' && revision >= expected
}

/**
 * Recently used heads in two generations: what was not asked for while one generation filled is forgotten with the other.
 * What is not here is read from the log.
 */
export class HeadCache {
  private young = new Map<string, StreamHead>()
  private old = new Map<string, StreamHead>()

  /** @param max of streams in memory. */
  constructor(private readonly max: number) {}

  get(stream: string): StreamHead | undefined {
    const head = this.young.get(stream)
    if (head) return head
    const older = this.old.get(stream)
    if (older) this.set(stream, older)
    return older
  }

  set(stream: string, head: StreamHead): void {
    this.young.set(stream, head)
    if (this.young.size * 2 < this.max) return
    this.old = this.young
    this.young = new Map()
  }
}
