import { type EventData, type JSONType } from '@eventstore/db-client'
import { hash } from 'node:crypto'
import { type NewEvent } from '../../port.js'

/** What metadata says of the command that an event is the last of. */
export interface CommandNote {
  readonly key: string
  readonly hash: string
  /** Names of claims in the event's stream. */
  readonly claims?: readonly string[]
}

/** An event as the client takes it. */
export interface WireEvent {
  readonly data: EventData
  /** Of data and metadata as JSON. */
  readonly size_bytes: number
  readonly bytes: number
}

/**
 * On the server an event's id is made of all its content; the port's id stands in the metadata. The server takes an append whose
 * ids it knows for a retry, whatever it holds: with the port's ids, other data under an id that was used before would be dropped
 * silently, and called appended.
 *
 * @throws TypeError for data that is no JSON: the client would end the process over it.
 */
export function wireEvent(
  { id, type, version, data, metadata }: NewEvent,
  command: CommandNote | undefined,
): WireEvent {
  const text = JSON.stringify(data) as string | undefined
  if (text === undefined) throw new TypeError(`the data of event ${id} is not JSON`)
  const about = JSON.stringify({ ...metadata, $id: id, $version: version, ...(command ? { $command: command } : {}) })
  const raw = Uint8Array.from(Buffer.from(about))
  const size_bytes = Buffer.byteLength(text) + raw.length
  return {
    data: {
      id: uuidOf(`${type}\0${text}\0${about}`),
      contentType: 'application/json',
      type,
      data: data as JSONType,
      metadata: raw,
    },
    size_bytes,
    bytes: size_bytes + Buffer.byteLength(type),
  }
}

/** A UUID of version 8 (RFC 9562). */
function uuidOf(content: string): string {
  const hex = hash('sha256', content, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
