import { type Link, LinkError, RemoteError } from '#mesh'
import { type Logger, reasonOf } from '#runtime'
import { checkLimits } from '../limits.js'
import {
  type AppendResult,
  DEFAULT_LIMITS,
  type EventBatch,
  type EventStore,
  StoreLimitExceeded,
  type StoreLimits,
  StoreUnavailable,
} from '../port.js'
import { follow } from '../postgres/follow.js'
import { LiveFeed } from '../postgres/live-feed.js'
import { PostgresReader } from '../postgres/reader.js'
import { POSTGRES_CAPABILITIES } from '../postgres/store.js'

const APPEND_MS_MAX = 5_000

/** What the store needs of a link: one to a writer, or to whichever of several leads. */
export type StoreLink = Pick<Link, 'request' | 'subscribe' | 'close'>

export interface RemoteStoreOptions {
  readonly link: StoreLink
  readonly url: string
  /** Connections for reading. */
  readonly pool_max: number
  readonly logger: Logger
}

/** The Postgres store whose writer is another process: appends and tidings over the link, reads by SQL. */
export function openRemoteStore({ link, url, pool_max, logger }: RemoteStoreOptions): EventStore {
  const reader = new PostgresReader({ url, pool_max, logger })
  const feed = new LiveFeed()
  const stop = new AbortController()
  const listening = { started: false }
  const listen = (): void => {
    if (listening.started) return
    listening.started = true
    void keepListening(link, feed, stop.signal, logger)
  }
  return {
    capabilities: POSTGRES_CAPABILITIES,
    limits: DEFAULT_LIMITS,
    append: async (request, { signal } = {}) => {
      checkLimits(request, DEFAULT_LIMITS)
      try {
        const options = { timeout_ms: APPEND_MS_MAX, ...(signal ? { signal } : {}) }
        return (await link.request('append', request, options)) as AppendResult
      } catch (error) {
        throw translated(error)
      }
    },
    recall: (id) => reader.recall(id),
    findClaim: (claim) => reader.findClaim(claim),
    readStream: (stream, options) => reader.readStream(stream, options),
    readAll: (options) => reader.readAll(options),
    subscribe: (options) => {
      listen()
      return follow(reader, feed.open(), options)
    },
    head: () => reader.head(),
    close: async () => {
      stop.abort()
      await link.close()
      await reader.close()
    },
  }
}

async function keepListening(link: StoreLink, feed: LiveFeed, signal: AbortSignal, logger: Logger): Promise<void> {
  const goesOn = (): boolean => !signal.aborted
  while (goesOn()) {
    try {
      for await (const batch of link.subscribe('commits', null, { signal })) feed.publish(batch as EventBatch)
    } catch (error) {
      if (goesOn()) logger.debug({ reason: reasonOf(error) }, 'no tidings from the writer; polling the log')
    }
    if (goesOn()) await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Infrastructure errors are translated once, here. */
function translated(error: unknown): unknown {
  if (error instanceof LinkError) {
    if (error.kind === 'refused') return error
    return new StoreUnavailable('the event writer cannot be reached', {
      cause: error,
      overloaded: error.kind === 'overloaded',
    })
  }
  if (error instanceof RemoteError) {
    if (error.code === 'limit') {
      const { limit, actual, allowed } = error.details as { limit: keyof StoreLimits; actual: number; allowed: number }
      return new StoreLimitExceeded(limit, actual, allowed)
    }
    if (error.retryable)
      return new StoreUnavailable(error.message, { cause: error, overloaded: error.code === 'overloaded' })
  }
  return error
}
