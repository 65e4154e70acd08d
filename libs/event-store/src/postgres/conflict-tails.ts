import { type RecordedEvent } from '#domain-kit'
import { Tail } from '../missing-tail.js'
import { DEFAULT_LIMITS, type ReadStreamOptions } from '../port.js'
import { type RecentRows } from '../log/recent-rows.js'

interface Reading {
  readonly from: number
  readonly revision: number
  /** Undefined: too large for a conflict. */
  readonly events: Promise<readonly RecordedEvent[] | undefined>
}

/**
 * Reads of what conflicting appends have not seen. When one of a chain fails, all that were sent behind it fail at the same time and
 * miss the same events or fewer: one read serves them all.
 */
export class ConflictTails {
  private readonly reading = new Map<string, Reading>()

  /** @param recent what is known without a read. */
  constructor(
    private readonly readStream: (stream: string, options: ReadStreamOptions) => AsyncIterable<RecordedEvent>,
    private readonly recent?: RecentRows,
  ) {}

  /**
   * The events of a stream `from` a revision up to and with another that it has come to; undefined when they are more bytes than a conflict
   * carries. @throws StoreUnavailable
   */
  async tail(stream: string, from: number, revision: number): Promise<readonly RecordedEvent[] | undefined> {
    const recent = this.recent?.after(stream, from - 1) ?? []
    if (recent.length > revision - from) return carried(recent.slice(0, revision + 1 - from))
    const known = this.reading.get(stream)
    if (known && known.from <= from && known.revision >= revision)
      return (await known.events)?.slice(from - known.from, revision + 1 - known.from)
    const events = carried(this.readStream(stream, { from: BigInt(from), limit: revision + 1 - from }))
    const mine = { from, revision, events }
    this.reading.set(stream, mine)
    try {
      return await events
    } finally {
      if (this.reading.get(stream) === mine) this.reading.delete(stream)
    }
  }
}

/** @returns undefined when they are more than a conflict carries. */
async function carried(
  events: Iterable<RecordedEvent> | AsyncIterable<RecordedEvent>,
): Promise<RecordedEvent[] | undefined> {
  const tail = new Tail(DEFAULT_LIMITS)
  for await (const event of events) if (!tail.add(event)) return undefined
  return tail.events
}
