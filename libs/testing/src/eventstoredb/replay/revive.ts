import { type EventData } from '@eventstore/db-client'
import { cutString, isObject, type Json, text } from './json.js'

/** Recorded arguments, as values for the client. */
export function revive(value: Json): unknown {
  if (typeof value === 'string') return reviveString(value)
  if (Array.isArray(value)) return (value as Json[]).map(revive)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, of === undefined ? undefined : revive(of)]))
}

function reviveString(value: string): string | bigint {
  if (/^-?\d+n$/.test(value)) return BigInt(value.slice(0, -1))
  const cut = cutString(value)
  // What was cut went on as it began.
  return cut === undefined ? value : cut.start + cut.start.slice(-1).repeat(cut.length - cut.start.length)
}

/** @param byteOf  the byte that fills large data, by the event's id: the record keeps its length only. */
export function reviveEvents(recorded: Json, byteOf: (id: string) => number): EventData[] {
  return (Array.isArray(recorded) ? (recorded as Json[]) : [recorded]).map((event) => {
    if (!isObject(event)) throw new Error('a recorded event is no object')
    const byte = byteOf(text(event['id']))
    const { data, metadata, ...rest } = event
    return {
      ...rest,
      data: reviveBytes(data, byte),
      ...(metadata === undefined ? {} : { metadata: reviveBytes(metadata, byte) }),
    } as unknown as EventData
  })
}

function reviveBytes(value: Json | undefined, byte: number): unknown {
  if (!isObject(value) || typeof value['bytes'] !== 'number') return value === undefined ? undefined : revive(value)
  const { base64 } = value
  if (typeof base64 === 'string') return new Uint8Array(Buffer.from(base64, 'base64'))
  return Buffer.alloc(value['bytes'], byte)
}
