/** What stands for a number, a name's place in an object and the like. */
const WORD_BYTES = 8

/**
 * Roughly how many bytes what was parsed takes in memory: its texts, and a word for everything else. The client says nothing of the
 * bytes that came; this costs a small part of parsing them.
 */
export function weightOf(...values: unknown[]): number {
  let bytes = 0
  while (values.length > 0) {
    const value = values.pop()
    bytes += WORD_BYTES
    if (typeof value === 'string') bytes += value.length
    else if (value instanceof Uint8Array) bytes += value.length
    else if (typeof value === 'object' && value !== null)
      for (const name in value) {
        bytes += name.length
        values.push((value as Readonly<Record<string, unknown>>)[name])
      }
  }
  return bytes
}
