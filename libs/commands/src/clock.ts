let last_ms = NaN
let text = ''

/** The time in ISO 8601, written out once a millisecond: many commands are decided in one. */
export function isoNow(): string {
  const now_ms = Date.now()
  if (now_ms !== last_ms) {
    last_ms = now_ms
    text = new Date(now_ms).toISOString()
  }
  return text
}
