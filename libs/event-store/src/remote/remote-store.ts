import { type Link, LinkError, RemoteError } from '#mesh'
import { type Logger } from '#runtime'
import { type AppendRequest, DEFAULT_LIMITS, type EventStore, StoreUnavailable } from '../port.js'
import { type Verdict } from '../log/batch.js'
import { follow } from '../log/follow.js'
import { isOvertaken } from '../log/heads.js'
import { claimHash, commandHash } from '../log/name-hash.js'
import { PostgresReader } from '../postgres/reader.js'
import { accepted } from '../log/answer.js'
import { resultOf } from '../postgres/result.js'
import { LOG_CAPABILITIES } from '../log/capabilities.js'
import { found } from '../postgres/store.js'
import { AppendGroups } from './append-groups.js'
import { CommitFeed } from './commit-feed.js'

/** See `PATIENCE_MS` of the reader. */
export const APPEND_MS_MAX = 5_000

/** What the store needs of a link: one to a writer, or to whichever of several leads. */
export type StoreLink = Pick<Link, 'request' | 'subscribe' | 'close'>

export interface RemoteStoreOptions {
  readonly link: StoreLink
  readonly url: string
  /** Connections for reading. */
  readonly pool_max: number
  readonly logger: Logger
  /** How long the writer is waited for, in ms. Default {@link APPEND_MS_MAX}. */
  readonly append_ms?: number
}

/** The Postgres store whose writer is another process: appends and tidings over the link, reads by SQL. */
export function openRemoteStore(options: RemoteStoreOptions): EventStore {
  const { link, url, pool_max, logger, append_ms = APPEND_MS_MAX } = options
  const feed = new CommitFeed(link, logger)
  const { recent } = feed
  const reader = new PostgresReader({ url, pool_max, recent, logger })
  const ask = async (method: string, payload: Buffer): Promise<unknown> => {
    try {
      return await link.request(method, payload, { timeout_ms: append_ms })
    } catch (error) {
      throw translated(error)
    }
  }
  const send = async (appends: Buffer): Promise<Buffer> => (await ask('append', appends)) as Buffer
  const interactive = new AppendGroups(send, DEFAULT_LIMITS)
  // Of their own, so that nobody waits for the answer of a program's appends.
  const bulk = new AppendGroups(send, DEFAULT_LIMITS)
  return {
    capabilities: LOG_CAPABILITIES,
    limits: DEFAULT_LIMITS,
    append: async (request) => {
      const [groups, others] = request.priority === 'bulk' ? [bulk, interactive] : [interactive, bulk]
      // A chain of appends to one stream breaks where one overtakes another.
      others.leaveBefore(request)
      const verdict = await groups.append(request)
      if (meetsOthers(verdict, request)) feed.metOthers()
      return verdict.kind === 'accepted' ? accepted(verdict, request) : resultOf(verdict, request, reader)
    },
    recall: async (id) => found((await ask('find', commandHash(id))) as number, reader),
    findClaim: async (claim) => found((await ask('find', claimHash(claim))) as number, reader),
    readStream: (stream, options) => reader.readStream(stream, options),
    news: (stream, after) => recent.after(stream, Number(after)),
    readAll: (options) => reader.readAll(options),
    subscribe: (options) => follow(reader, { open: () => feed.open(options.only) }, options),
    head: () => reader.head(),
    close: async () => {
      feed.close()
      await link.close()
      await reader.close()
    },
  }
}

/** Other processes append to the same stream. */
function meetsOthers(verdict: Verdict, { writes, checks = [] }: AppendRequest): boolean {
  if (verdict.kind !== 'conflict') return verdict.kind === 'accepted' && verdict.isContended
  return [...writes, ...checks].some(
    ({ stream, expected }) => stream === verdict.stream && isOvertaken(verdict.revision, expected),
  )
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
  if (error instanceof RemoteError && error.retryable)
    return new StoreUnavailable(error.message, { cause: error, overloaded: error.code === 'overloaded' })
  return error
}
