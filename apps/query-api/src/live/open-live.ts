import { type Carriers, type Feed } from '#read-models'
import { LiveHub } from './hub.js'
import { LiveReads } from './live-reads.js'
import { LiveSessions, type LiveSessionsOptions } from './sessions.js'
import { SubjectLimits, type SubjectLimitsOptions } from './subject-limits.js'

export interface LiveOptions extends Omit<LiveSessionsOptions, 'hub' | 'limits'> {
  readonly feed: Feed
  readonly carriers: Carriers
  readonly limits: SubjectLimitsOptions
  /** Reads for subscriptions at a time. */
  readonly reads_max: number
}

/** What a query-api needs to serve live subscriptions, over one consumption of the feed. */
export function openLive({ feed, carriers, limits, reads_max, ...options }: LiveOptions): {
  readonly hub: LiveHub
  readonly sessions: LiveSessions
} {
  const hub = new LiveHub(feed, carriers)
  const reader = new LiveReads(options.reader, reads_max)
  return { hub, sessions: new LiveSessions({ ...options, hub, reader, limits: new SubjectLimits(limits) }) }
}
