import { type RecentEvents } from '../log/recent-events.js'
import { type Endpoint } from '../rpc/failures.js'

/** A node, as the others see it. */
export interface Member {
  readonly instanceId: string
  readonly endpoint: Endpoint
  /** False from a kill to the next start. */
  readonly alive: boolean
  /** False while it starts. */
  readonly ready: boolean
  /** What it remembers, which decides when it leads. */
  readonly recent: RecentEvents
}
