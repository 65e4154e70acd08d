import { type AppendRequest, StoreLimitExceeded, type StoreLimits } from './port.js'

/** @throws StoreLimitExceeded naming the first bound that a request breaks. */
export function checkLimits(request: AppendRequest, limits: StoreLimits): void {
  let events = 0
  for (const { stream, events: written } of request.writes) {
    bound('stream_name_bytes', Buffer.byteLength(stream), limits)
    events += written.length
    for (const { data } of written) bound('event_size_bytes', JSON.stringify(data).length, limits)
  }
  bound('events_per_append', events, limits)
}

function bound(limit: keyof StoreLimits, actual: number, limits: StoreLimits): void {
  if (actual > limits[limit]) throw new StoreLimitExceeded(limit, actual, limits[limit])
}
