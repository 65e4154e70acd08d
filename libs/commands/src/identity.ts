import { createHash } from 'node:crypto'

/** JSON with sorted keys: equal for equal content, however it was written down. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : each,
  )
}

/** What was asked, as 64 hex digits: equal for an honest retry, different for a reused key. */
export function requestHash(command: string, target: string, body: object): string {
  return createHash('sha256').update(canonicalJson({ command, target, body })).digest('hex')
}

/** The id of a command's nth event: the same for every retry, on every instance (a UUID of version 8, RFC 9562). */
export function eventId(stream: string, key: string, index: number): string {
  const hex = createHash('sha256').update(`${stream}\0${key}\0${index}`).digest('hex')
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
}
