import { TOMBSTONE_REVISION } from './event.js'

/** What a `$metadata` event says about the visibility of its stream's events. */
export interface StreamMetadata {
  readonly maxCount: bigint | undefined
  /** Events before this revision are hidden; 2^63-1 is a soft delete. */
  readonly truncateBefore: bigint
}

export const METADATA_TYPE = '$metadata'
const PREFIX = '$$'
export const NO_METADATA: StreamMetadata = { maxCount: undefined, truncateBefore: 0n }

export const metastreamOf = (stream: string): string => `${PREFIX}${stream}`
export const isMetastream = (stream: string): boolean => stream.startsWith(PREFIX)
/** @returns the stream that a metadata stream speaks of; undefined when it is none. */
export const ownerOf = (stream: string): string | undefined =>
  isMetastream(stream) ? stream.slice(PREFIX.length) : undefined

/** A metadata event replaces all that was said before; what cannot be read says nothing, as in the server. */
export function parseMetadata(data: Uint8Array): StreamMetadata {
  let said: unknown
  try {
    said = JSON.parse(Buffer.from(data).toString('utf8'))
  } catch {
    return NO_METADATA
  }
  if (typeof said !== 'object' || said === null) return NO_METADATA
  const { $maxCount, $tb } = said as Record<string, unknown>
  return { maxCount: whole($maxCount), truncateBefore: whole($tb) ?? 0n }
}

/** 2^63-1 comes out of JSON rounded up, which is why it is clamped. */
function whole(value: unknown): bigint | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return undefined
  const exact = BigInt(value)
  return exact > TOMBSTONE_REVISION ? TOMBSTONE_REVISION : exact
}
