import { type Logger } from '#runtime'
import { checkBound } from '../limits.js'
import { type EventStore, type Recalled, type StoreLimits } from '../port.js'
import { Connections } from './client/connections.js'
import { sharedAppends } from './client/shared-appends.js'
import { EVENTSTOREDB_CAPABILITIES, EVENTSTOREDB_LIMITS } from './limits.js'
import { followAll } from './log/follow-all.js'
import { Head } from './log/head.js'
import { keyOfClaim, keyOfCommand, plan, type Planned } from './log/planned.js'
import { readAll } from './log/read-all.js'
import { readStream } from './log/read-stream.js'
import { Reading } from './log/reading.js'
import { StreamNames } from './log/streams.js'
import { NameIndex, type NamePlace } from './names/name-index.js'
import { PATIENCE, type StorePatience } from './patience.js'
import { AppendsByStream } from './stream/appends-by-stream.js'

export interface EventStoreDbOptions {
  /** Connection string: `esdb://…`. */
  readonly url: string
  /** Database in which the index of names is kept: {@link migrateNames}, {@link NamesFold}. */
  readonly namesUrl: string
  /** Before every stream's name on the server. Default none. */
  readonly prefix?: string
  /** Connections to the index of names. */
  readonly pool_max: number
  /** For tests. Default {@link PATIENCE}. */
  readonly patience?: StorePatience
  /** How long nothing that is wanted may go by before whoever follows is told how far the log is, in ms. Default 5,000. */
  readonly quiet_ms?: number
  readonly logger: Logger
}

/**
 * The log in an EventStoreDB cluster, whose leader is the serialized writer. Command keys and claims of a stream are known from
 * the index, which a projection keeps, and the stream's tail beyond it, and held by the exact revision of each append.
 */
export function openEventStoreDb(options: EventStoreDbOptions): EventStore {
  const { url, namesUrl, prefix = '', pool_max, patience = PATIENCE, quiet_ms, logger } = options
  const streams = new StreamNames(prefix)
  const appends = sharedAppends(url, logger)
  const reads = new Connections(url, logger)
  const reading = new Reading(reads, patience)
  const index = new NameIndex({ url: namesUrl, pool_max, logger })
  const byStream = new AppendsByStream({
    reading,
    streams,
    appends: appends.connections,
    patience: patience.append,
    index,
    gate: appends.gate,
  })
  const follower = { connections: reads, reading, streams, logger }
  const head = new Head(follower, () => index.end())
  return {
    capabilities: EVENTSTOREDB_CAPABILITIES,
    limits: EVENTSTOREDB_LIMITS,
    append: async (request) => {
      const planned = plan(request)
      checkLimits(planned, EVENTSTOREDB_LIMITS)
      return byStream.append(planned)
    },
    recall: async (id) => recalled(id.stream, await byStream.find(id.stream, keyOfCommand(id))),
    findClaim: async (claim) => recalled(claim.stream, await byStream.find(claim.stream, keyOfClaim(claim))),
    readStream: (stream, how) => readStream(reading, streams, stream, how),
    readAll: (how) => readAll(follower, head, how),
    subscribe: (how) => followAll(follower, how, quiet_ms),
    head: () => head.find(),
    close: async () => {
      byStream.close()
      await appends.close()
      await reads.close()
      await index.close()
    },
  }
}

function recalled(stream: string, place: NamePlace | undefined): Recalled | undefined {
  return place && { stream, ...place }
}

/** @throws StoreLimitExceeded naming the first bound that an append breaks. */
function checkLimits({ stream, events, claims, bytes }: Planned, limits: StoreLimits): void {
  const actual = {
    stream_name_bytes: Buffer.byteLength(stream),
    events_per_append: events.length,
    claims_per_append: claims.length,
    event_size_bytes: Math.max(...events.map(({ size_bytes }) => size_bytes)),
    append_size_bytes: bytes,
  }
  for (const limit of Object.keys(actual) as (keyof typeof actual)[]) checkBound(limits, limit, actual[limit])
}
