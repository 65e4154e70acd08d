import { type Urls } from './plan.js'
import { type StartedWith } from './started-with.js'

/** One process of the system, as the controller sees it. */
export interface InstanceStatus {
  readonly id: string
  readonly role: string
  readonly pid: number | null
  readonly state: string
  readonly leader: boolean
  readonly ready: boolean
  readonly url: string
  /** Why it is not ready. */
  readonly reason?: string
}

/** What the controller says of everything that runs: `GET /v1/status`, and `headwater status --json`. */
export interface Status {
  readonly ready: boolean
  /** Of the last event in the log. */
  readonly position: string
  readonly urls: Urls
  readonly instances: readonly InstanceStatus[]
  /** Undefined: an earlier version runs, which does not say. */
  readonly startedWith?: StartedWith
}
