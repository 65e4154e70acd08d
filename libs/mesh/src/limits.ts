/** Every bound of a link. Times in ms, sizes in bytes. */
export interface Limits {
  /** Largest frame either way; a larger message fails by itself, a larger frame from the peer closes the socket. */
  readonly frame_bytes_max: number
  /** Requests in flight on one link (client), and on one connection (server). Those waiting for a connection count. */
  readonly in_flight_max: number
  /** Open subscriptions on one link, and on one connection. */
  readonly streams_max: number
  /** Largest credit a subscriber may give: items buffered for one slow reader. */
  readonly credit_max: number
  /** Something is sent at least this often. */
  readonly heartbeat_ms: number
  /**
   * A peer of which no byte came for so long is dead. One that is not read from, because it is slow, is dead when it has taken nothing for
   * twenty times as long. At least twice the heartbeat.
   */
  readonly dead_ms: number
  /** From the first byte until the application hello is answered, TLS handshake included. */
  readonly hello_ms: number
  /** Bytes waiting for a slow reader beyond which the server reads no further requests from it, and writes to no subscription of it. */
  readonly unsent_bytes_max: number
  /** Open sockets of one server, whether authenticated or not. */
  readonly connections_max: number
  /** Reconnect after a random time between 0 and a bound that doubles from `backoff_ms_min` to `backoff_ms_max`. */
  readonly backoff_ms_min: number
  readonly backoff_ms_max: number
  /** For requests that name no timeout. */
  readonly timeout_ms: number
}

export const defaultLimits: Limits = {
  frame_bytes_max: 16 * 1024 * 1024,
  in_flight_max: 8_192,
  streams_max: 256,
  credit_max: 65_536,
  heartbeat_ms: 1_000,
  dead_ms: 5_000,
  hello_ms: 5_000,
  unsent_bytes_max: 4 * 1024 * 1024,
  connections_max: 1_024,
  backoff_ms_min: 50,
  backoff_ms_max: 2_000,
  timeout_ms: 30_000,
}

/** Fills in the defaults. @throws RangeError for a bound that is not a positive number, or a `dead_ms` too short. */
export function limitsWith(given: Partial<Limits> = {}): Limits {
  const limits = { ...defaultLimits, ...given }
  for (const [name, value] of Object.entries(limits))
    if (!Number.isFinite(value) || value <= 0) throw new RangeError(`link limit ${name} must be a positive number`)
  if (limits.dead_ms < 2 * limits.heartbeat_ms) throw new RangeError('link limit dead_ms: at least 2 x heartbeat_ms')
  return limits
}
