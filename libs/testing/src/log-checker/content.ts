import { createHash } from 'node:crypto'
import { type RecordedEvent } from '#domain-kit'

/** What whoever asks for an event decides of it, once it is known which command asked. */
export interface Content {
  readonly type: string
  readonly version: number
  readonly data: object
  readonly metadata: object
}

/** A hash of the content; the order of the members of an object is none of it. */
export function contentOf({ type, version, data, metadata }: Content): string {
  const text = JSON.stringify([type, version, data, metadata], (_, value: unknown) => sorted(value))
  return createHash('sha256').update(text).digest('base64url')
}

/** All of an event in a line: its place, its name, its content. */
export function sightOf(event: RecordedEvent): string {
  const { position, stream, revision, id, time } = event
  return [position, stream, revision, id, time, contentOf(event)].join(' ')
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
