import { type ProblemDetails } from '#runtime'
import { type Payload } from './payload.js'

/** What a subscriber is told; names as in the wire contract. */
export interface Change {
  readonly position: string
  readonly data: unknown
}

export type Acknowledgement =
  | { readonly ok: true; readonly subscription: string; readonly position: string; readonly data: unknown }
  | { readonly ok: true; readonly subscription: string; readonly position: string; readonly changes: readonly Change[] }
  | { readonly ok: false; readonly problem: ProblemDetails }

export interface Outgoing {
  readonly event: 'change' | 'reset'
  readonly payload: Payload
}

/** What a client says when it connects. */
export interface Handshake {
  readonly token?: unknown
  /** True from one that listens to `ended`: any other would wait for ever for what has ended, so its socket is closed. */
  readonly ended?: unknown
}

/** A subscription that could not be kept. The others of its socket go on. */
export interface Ended {
  readonly subscription: string
  /** Whether it makes sense to subscribe again: then with the position of the last message as `after`. */
  readonly problem: ProblemDetails
}

/** Why a socket is about to be closed by the server. */
export type ClosingReason =
  /** A planned stop: another instance, or the next one here, takes over. */
  | 'stopping'
  /** The token is about to expire: come back with a new one. */
  | 'token-expires'
  /** A subscription could not be kept, and the client did not say that it listens to `ended`: subscribing again tells why. */
  | 'failed'

export interface Closing {
  /** The socket is closed by then; who comes back not before that finds no crowd. */
  readonly reconnectInMs: number
  readonly reason: ClosingReason
}
