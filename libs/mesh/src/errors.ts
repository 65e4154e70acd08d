export type LinkErrorKind = 'unavailable' | 'timeout' | 'overloaded' | 'closed' | 'refused'

/**
 * The link itself failed a request; the handler's own errors arrive as {@link RemoteError}.
 *
 * - `unavailable` the socket broke, or the peer is going away
 * - `timeout` the time given has passed, waiting for a connection included
 * - `overloaded` one side has its maximum of requests in flight; slow down
 * - `closed` this side gave up: the link was closed, or the caller's signal aborted (then `cause` is its reason)
 * - `refused` this request can never succeed: unknown method, too large a frame, a value that cannot be encoded. An answer that is so is a
 *   {@link RemoteError} `internal`: its handler ran
 *
 * `sent` is false only when no handler of the peer can have seen the request, so that repeating it is harmless.
 * The link never repeats a request: when `sent` is true only the caller's idempotency key makes that safe.
 */
export class LinkError extends Error {
  override readonly name = 'LinkError'

  constructor(
    readonly kind: LinkErrorKind,
    message: string,
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * What the peer's handler threw. Errors that carry `{ code, retryable, details }` cross the link as such (a string
 * code is enough); every other one arrives as code `internal`, not retryable, without its message: that stays in the
 * peer's log.
 */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'

  constructor(
    readonly code: string,
    message: string,
    readonly retryable = false,
    readonly details?: unknown,
  ) {
    super(message)
  }
}
