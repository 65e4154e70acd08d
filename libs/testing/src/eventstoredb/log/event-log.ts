import { randomUUID } from 'node:crypto'
import { type LoggedEvent, nowTicks, type ProposedEvent, sizeOf, TOMBSTONE_REVISION } from './event.js'
import { METADATA_TYPE, metastreamOf, ownerOf, parseMetadata } from './stream-metadata.js'
import { Stream } from './stream.js'

/** Where the first event of a new server lies, and what a record takes beside its data: bytes. */
const FIRST_POSITION = 548n
const RECORD_OVERHEAD = 100

const SYSTEM_ACL = { $r: '$ops', $w: [], $d: [], $mr: [], $mw: [] }

/** The log that the nodes of a double share: every event in order, and the streams they belong to. Kept in memory. */
export class EventLog {
  readonly events: LoggedEvent[] = []
  readonly #streams = new Map<string, Stream>()
  readonly #listeners = new Set<(event: LoggedEvent) => void>()
  readonly #starts = new Set<bigint>()
  #end = FIRST_POSITION

  constructor() {
    // A new server writes this one itself, so whoever reads $all meets an event of the system first.
    this.write('$$$scavenges', [metadataEvent({ $maxAge: 2_592_000, $acl: SYSTEM_ACL })])
  }

  /** A stream that has no events yet is as good as any other. */
  stream(name: string): Stream {
    const known = this.#streams.get(name)
    if (known !== undefined) return known
    const stream = new Stream(name)
    this.#streams.set(name, stream)
    return stream
  }

  /** Writes events behind one another. @returns them, in their place. */
  write(name: string, proposed: readonly ProposedEvent[]): readonly LoggedEvent[] {
    const stream = this.stream(name)
    const startsAnew = stream.softDeleted && proposed.length > 0
    const first = stream.head + 1n
    const events = proposed.map((event, index) => this.#log(stream.name, first + BigInt(index), event))
    for (const event of events) {
      stream.events.push(event)
      this.#obey(event)
    }
    for (const event of events) this.#tell(event)
    if (startsAnew) this.#rewriteTruncateBefore(stream, first)
    return events
  }

  /** Deletes a stream for ever. */
  tombstone(name: string): LoggedEvent {
    const stream = this.stream(name)
    const data = { id: randomUUID(), type: '$streamDeleted', contentType: 'application/octet-stream' }
    const event = this.#log(name, TOMBSTONE_REVISION, { ...data, data: new Uint8Array(), metadata: new Uint8Array() })
    stream.tombstone = event
    this.#tell(event)
    return event
  }

  /** Hides all events of a stream; its revisions go on. */
  softDelete(name: string): LoggedEvent {
    return this.#rewriteTruncateBefore(this.stream(name), TOMBSTONE_REVISION)
  }

  /** The position that a record without events takes. */
  skip(): bigint {
    return this.#take(RECORD_OVERHEAD)
  }

  /** @returns the index of the first event behind `position`: the length of the log when there is none. */
  indexAfter(position: bigint): number {
    let low = 0
    let high = this.events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.events[middle] as LoggedEvent).position <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a record or the log begins here, or the log ends before it: elsewhere the server fails to read. */
  isBoundary(position: bigint): boolean {
    return position >= this.#end || position === 0n || this.#starts.has(position)
  }

  /** Called with each event as it is written. @returns how to stop. */
  onEvent(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #log(stream: string, revision: bigint, proposed: ProposedEvent): LoggedEvent {
    const position = this.#take(RECORD_OVERHEAD + stream.length + sizeOf(proposed))
    const event = { ...proposed, stream, revision, position, created_ticks: nowTicks() }
    this.events.push(event)
    return event
  }

  #take(bytes: number): bigint {
    const position = this.#end
    this.#starts.add(position)
    this.#end += BigInt(bytes)
    return position
  }

  #obey({ stream, type, data }: LoggedEvent): void {
    const owner = ownerOf(stream)
    if (owner !== undefined && type === METADATA_TYPE) this.stream(owner).metadata = parseMetadata(data)
  }

  #rewriteTruncateBefore(stream: Stream, truncateBefore: bigint): LoggedEvent {
    // Written by hand: JSON.stringify knows no 2^63-1.
    const data = Buffer.from(`{"$tb":${truncateBefore.toString()}}`)
    const [event] = this.write(metastreamOf(stream.name), [{ ...metadataEvent({}), data }])
    if (event === undefined) throw new Error('a write of one event wrote none')
    return event
  }

  #tell(event: LoggedEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

const metadataEvent = (metadata: object): ProposedEvent => ({
  id: randomUUID(),
  type: METADATA_TYPE,
  contentType: 'application/json',
  data: Buffer.from(JSON.stringify(metadata)),
  metadata: new Uint8Array(),
})
