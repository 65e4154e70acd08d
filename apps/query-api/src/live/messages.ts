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

/** Why a socket is about to be closed by the server. */
export type ClosingReason =
  /** A planned stop: another instance, or the next one here, takes over. */
  | 'stopping'
  /** The token is about to expire: come back with a new one. */
  | 'token-expires'
  /** A subscription could not be kept: subscribing again tells why. */
  | 'failed'

export interface Closing {
  /** The socket is closed by then; who comes back not before that finds no crowd. */
  readonly reconnectInMs: number
  readonly reason: ClosingReason
}
