import { type Link, LinkError, RemoteError } from '#mesh'
import { type Logger, reasonOf } from '#runtime'
import { checkLimits } from '../limits.js'
import { DEFAULT_LIMITS, type EventStore, StoreLimitExceeded, type StoreLimits, StoreUnavailable } from '../port.js'
import { candidate } from '../postgres/candidate.js'
import { follow } from '../postgres/follow.js'
import { LiveFeed } from '../postgres/live-feed.js'
import { claimHash, commandHash } from '../postgres/names/name-hash.js'
import { PostgresReader } from '../postgres/reader.js'
import { resultOf } from '../postgres/result.js'
import { CommittedBatch } from '../postgres/rows.js'
import { found, POSTGRES_CAPABILITIES } from '../postgres/store.js'
import { decodeVerdict, encodeAppend, type WireVerdict } from './wire.js'

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
  const ask = async (method: string, payload: unknown, signal?: AbortSignal): Promise<unknown> => {
    try {
      return await link.request(method, payload, { timeout_ms: APPEND_MS_MAX, ...(signal ? { signal } : {}) })
    } catch (error) {
      throw translated(error)
    }
  }
  return {
    capabilities: POSTGRES_CAPABILITIES,
    limits: DEFAULT_LIMITS,
    append: async (request, { signal } = {}) => {
      const planned = candidate(request)
      checkLimits(planned, DEFAULT_LIMITS)
      const answer = await ask('append', encodeAppend(planned), signal)
      return resultOf(decodeVerdict(answer as WireVerdict, planned), planned, reader)
    },
    recall: async (id) => found((await ask('find', commandHash(id))) as number, reader),
    findClaim: async (claim) => found((await ask('find', claimHash(claim))) as number, reader),
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
      for await (const item of link.subscribe('commits', null, { signal })) {
        const [after, position, rows] = item as readonly [bigint, bigint, Buffer]
        feed.publish(new CommittedBatch(after, position, rows))
      }
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
