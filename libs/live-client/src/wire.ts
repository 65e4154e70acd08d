import { type LiveProblem } from './live-error.js'

/** What goes over the wire, as far as this client reads it. */
export interface Told {
  readonly position: string
  readonly data: unknown
}

export type Answer =
  | {
      readonly ok: true
      readonly subscription: string
      readonly position: string
      readonly data?: unknown
      readonly changes?: readonly Told[]
    }
  | { readonly ok: false; readonly problem: LiveProblem }

export interface Ended {
  readonly subscription: string
  readonly problem: LiveProblem
}

export interface Subscribe {
  readonly resource: string
  readonly after?: string
  readonly minPosition?: string
}
