import { type EventData } from '@eventstore/db-client'
import { isObject, type Json, type JsonObject, text } from './json.js'
import { type Session } from './session.js'

/** An event that a record shows, and that must be in the log before it is replayed. */
export interface Shown {
  readonly stream: string
  readonly revision: number
  readonly position: bigint
  readonly event: EventData
}

const SYSTEM = '$$$scavenges'

/** The events that the reads of a record show and that it did not append itself, in the order of the log. */
export function shownBy(session: Session): Shown[] {
  const rpcs = session.recorded.rpcs ?? []
  const appended = JSON.stringify(rpcs.flatMap(({ requests }) => requests))
  const shown = new Map<string, Shown>()
  for (const { decoded } of rpcs.flatMap(({ responses }) => responses)) {
    const event = isObject(decoded) ? eventOf(decoded) : undefined
    if (event !== undefined && event.stream !== SYSTEM && !appended.includes(event.event.id))
      shown.set(`${event.stream}/${event.revision}`, event)
  }
  return [...shown.values()].sort((a, b) => (a.position < b.position ? -1 : 1))
}

/** Fills a stream up to a revision that the record shows. */
export async function fillUp(session: Session, stream: string, revision: number): Promise<void> {
  const there = session.double.events.filter((event) => event.stream === stream).length
  if (revision > there) await session.append(stream, fillers(revision - there))
}

/** Appends them, each at its revision: what the record does not show of a stream is filled up. */
export async function seed(session: Session, shown: readonly Shown[]): Promise<void> {
  for (const { stream, revision, event } of shown) {
    await fillUp(session, stream, revision)
    await session.append(stream, [event])
  }
}

export const fillers = (count: number, type = 'F'): EventData[] =>
  Array.from({ length: count }, (_, n) => ({
    id: crypto.randomUUID(),
    type,
    contentType: 'application/json' as const,
    data: { n },
    metadata: undefined,
  }))

function eventOf(message: JsonObject): Shown | undefined {
  const read = message['event']
  const event = isObject(read) ? read['event'] : undefined
  if (!isObject(event)) return undefined
  const { id, streamIdentifier, streamRevision, commitPosition, metadataMap, data, customMetadata } = event
  const metadata = Object.fromEntries(metadataMap as unknown as [string, string][])
  return {
    stream: Buffer.from(textAt(streamIdentifier, 'streamName'), 'base64').toString(),
    revision: Number(streamRevision),
    position: BigInt(commitPosition as string),
    event: {
      id: textAt(id, 'string'),
      type: metadata['type'] ?? '',
      contentType: 'application/json',
      data: data === '' ? null : (JSON.parse(Buffer.from(data as string, 'base64').toString()) as JsonObject),
      ...(customMetadata === ''
        ? {}
        : { metadata: JSON.parse(Buffer.from(customMetadata as string, 'base64').toString()) as JsonObject }),
    } as EventData,
  }
}

const textAt = (value: Json | undefined, key: string): string => (isObject(value) ? text(value[key]) : '')
