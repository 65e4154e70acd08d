import { type Expected } from '../port.js'

/** Where a stream ends: revision -1n and no id for one without events. */
export interface StreamHead {
  readonly revision: bigint
  readonly lastId: string | undefined
}

export const NO_STREAM: StreamHead = { revision: -1n, lastId: undefined }

/** Does the expectation hold for this head? `tip` must be the event that stands at the expected revision. */
export function holds(head: StreamHead, expected: Expected, tip?: string): boolean {
  if (expected === 'any') return true
  if (expected === 'none') return head.revision === -1n
  if (expected === 'exists') return head.revision >= 0n
  return head.revision === expected && (tip === undefined || tip === head.lastId)
}

/** Least recently used heads; what is not here is read from the log. */
export class HeadCache {
  private readonly heads = new Map<string, StreamHead>()
  constructor(private readonly max: number) {}

  get(stream: string): StreamHead | undefined {
    const head = this.heads.get(stream)
    if (head) {
      this.heads.delete(stream)
      this.heads.set(stream, head)
    }
    return head
  }

  set(stream: string, head: StreamHead): void {
    this.heads.delete(stream)
    this.heads.set(stream, head)
    if (this.heads.size <= this.max) return
    const [oldest] = this.heads.keys()
    if (oldest !== undefined) this.heads.delete(oldest)
  }

  clear(): void {
    this.heads.clear()
  }
}
