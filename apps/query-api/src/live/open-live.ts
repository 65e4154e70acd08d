import { type Carriers, type Feed, type NamedResource, type Reader } from '#read-models'
import { EnclosedReads } from './enclosed-reads.js'
import { FailureLog } from './failure-log.js'
import { LiveHub } from './hub.js'
import { type Asker, LiveReads } from './live-reads.js'
import { LiveSessions, type LiveSessionsOptions } from './sessions.js'
import { SubjectLimits, type SubjectLimitsOptions } from './subject-limits.js'

export interface LiveOptions extends Omit<LiveSessionsOptions, 'hub' | 'limits' | 'failures' | 'readerFor'> {
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
  const isApart = (named: NamedResource): boolean => hub.isEnclosedApart(named)
  const readerFor = (asker: Asker): EnclosedReads => new EnclosedReads(reads.for(asker), isApart)
  return {
    hub,
    sessions: new LiveSessions({ ...options, hub, readerFor, failures, limits: new SubjectLimits(limits) }),
  }
}
