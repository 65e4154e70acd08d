import { type Carriers, type Feed, type Reader } from '#read-models'
import { EnclosedReads } from './enclosed-reads.js'
import { FailureLog } from './failure-log.js'
import { LiveHub } from './hub.js'
import { LiveReads } from './live-reads.js'
import { LiveSessions, type LiveSessionsOptions } from './sessions.js'
import { SubjectLimits, type SubjectLimitsOptions } from './subject-limits.js'

export interface LiveOptions extends Omit<LiveSessionsOptions, 'hub' | 'limits' | 'failures' | 'reader'> {
  readonly feed: Feed
  readonly carriers: Carriers
  readonly reader: Reader
  readonly limits: SubjectLimitsOptions
  /** Reads for subscriptions at a time. */
  readonly reads_max: number
}

/** What a query-api needs to serve live subscriptions, over one consumption of the feed. */
export function openLive({ feed, carriers, limits, reads_max, ...options }: LiveOptions): {
  readonly hub: LiveHub
  readonly sessions: LiveSessions
} {
  const failures = new FailureLog(options.logger)
  const hub = new LiveHub(feed, carriers, failures)
  const reads = new LiveReads(options.reader, {
    running_max: reads_max,
    isAhead: (named, position) => hub.isAhead(named, position),
  })
  const reader = new EnclosedReads(reads, (named) => hub.isEnclosedApart(named))
  return { hub, sessions: new LiveSessions({ ...options, hub, reader, failures, limits: new SubjectLimits(limits) }) }
}
