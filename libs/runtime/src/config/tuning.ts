import { choice, integer } from './setting.js'

/**
 * What a person may set of one role and need not: the role reads it, and whoever starts the roles checks it before, so that a mistake is told
 * at once and not by a process that ends again and again.
 */
export const writerTuning = {
  HEADWATER_LEASE_MS: integer({
    description: 'a leader that was paused for so long is succeeded, in ms',
    default: 2_000,
    min: 500,
    max: 60_000,
  }),
  HEADWATER_QUEUE_MAX: integer({
    description: 'appends that may wait, and 256 MiB of them; beyond that they are refused with 503',
    default: 16_384,
    min: 16,
    max: 1_000_000,
  }),
} as const

/** As {@link writerTuning}, of the projector. */
export const projectorTuning = {
  CACHE_MIB: integer({ description: 'MiB of Redis for cached rows', default: 256, min: 1, max: 1_048_576 }),
} as const

/** As {@link writerTuning}, of query-api. */
export const queryTuning = {
  READ_PRIMARY: choice(['never', 'fallback'], {
    description: 'may a query read the primary when no replica is fresh enough',
    default: 'never',
  }),
  QUERY_POOL: integer({
    description: 'connections to each database, one of which watches',
    default: 8,
    min: 2,
    max: 200,
  }),
  LIVE_SOCKETS_PER_SUBJECT: integer({
    description: 'live sockets that one token subject may have open on one instance',
    default: 20_000,
    min: 1,
    max: 1_000_000,
  }),
  LIVE_SUBSCRIPTIONS_PER_SUBJECT: integer({
    description: 'live subscriptions that all sockets of one token subject may hold on one instance together',
    default: 100_000,
    min: 1,
    max: 10_000_000,
  }),
  QUERY_EXPORTS: integer({
    description: 'exports at the same time, each with a connection to a replica of its own',
    default: 2,
    min: 1,
    max: 50,
  }),
} as const
