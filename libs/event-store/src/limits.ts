import { type Candidate } from './postgres/candidate.js'
import { StoreLimitExceeded, type StoreLimits } from './port.js'

/** @throws StoreLimitExceeded naming the first bound that an append breaks. */
export function checkLimits({ writes }: Candidate, limits: StoreLimits): void {
  let events = 0
  for (const { stream, events: written } of writes) {
    // UTF-8 takes at most 3 bytes for what UTF-16 counts as one.
    if (stream.length * 3 > limits.stream_name_bytes) bound('stream_name_bytes', Buffer.byteLength(stream), limits)
    events += written.length
    for (const { data } of written) bound('event_size_bytes', data.length, limits)
  }
  bound('events_per_append', events, limits)
}

function bound(limit: keyof StoreLimits, actual: number, limits: StoreLimits): void {
  if (actual > limits[limit]) throw new StoreLimitExceeded(limit, actual, limits[limit])
}
