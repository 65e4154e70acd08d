import { type ProblemDetails } from '#runtime'

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
  readonly message: Change & { readonly subscription: string }
}
