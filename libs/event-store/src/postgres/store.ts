import { type Leadership } from '#leadership'
import { type Logger } from '#runtime'
import {
  type AppendRequest,
  type AppendResult,
  DEFAULT_LIMITS,
  type EventBatch,
  type EventStore,
  type Recalled,
  type StoreCapabilities,
} from '../port.js'
import { checkLimits } from '../limits.js'
import { follow } from './follow.js'
import { LiveFeed } from './live-feed.js'
import { PostgresReader } from './reader.js'
import { Writer } from './writer.js'

export const POSTGRES_CAPABILITIES: StoreCapabilities = {
  gapFreePositions: true,
  multiStreamAppends: true,
  claims: true,
}

export interface PostgresStoreOptions {
  readonly url: string
  readonly leadership: Leadership
  readonly logger: Logger
  /** Connections for reading. Default 4. */
  readonly pool_max?: number
}

export interface PostgresStore extends EventStore {
  readonly leads: boolean
  /** Appends waiting for their batch. */
  readonly waiting: number
  /** Of the last committed event, while this writer leads. */
  readonly position: bigint | undefined
  /** Calls back at once and with each change: the epoch under which it takes appends, or undefined. @returns how to stop. */
  onLeading(listener: (epoch: bigint | undefined) => void): () => void
  /** Calls back after each commit. @returns how to stop. */
  onCommitted(listener: (batch: EventBatch) => void): () => void
}

/** The Postgres store with the serialized writer in this process. The schema must be there, see `migrateLog`. */
export function openPostgresStore({ url, leadership, logger, pool_max = 4 }: PostgresStoreOptions): PostgresStore {
  const writer = new Writer({ url, leadership, name: 'event-writer', logger })
  const reader = new PostgresReader({ url, pool_max, logger })
  const feed = new LiveFeed()
  writer.on('committed', (batch) => feed.publish(batch))
  return {
    capabilities: POSTGRES_CAPABILITIES,
    limits: DEFAULT_LIMITS,
    get leads() {
      return writer.leads
    },
    get waiting() {
      return writer.waiting
    },
    get position() {
      return writer.position
    },
    onLeading: (listener) => {
      writer.on('leading', listener)
      listener(writer.epoch)
      return () => writer.off('leading', listener)
    },
    onCommitted: (listener) => {
      writer.on('committed', listener)
      return () => writer.off('committed', listener)
    },
    append: async (request) => {
      checkLimits(request, DEFAULT_LIMITS)
      const settled = await writer.append(request)
      if (settled.outcome === 'appended') return settled
      const known = await knownBefore(reader, request)
      if (known) return known
      if (settled.outcome === 'taken') return writer.append(request).then((again) => retried(again, reader, request))
      return conflict(reader, request, settled.stream)
    },
    recall: (id) => reader.recall(id),
    findClaim: (claim) => reader.findClaim(claim),
    readStream: (stream, options) => reader.readStream(stream, options),
    readAll: (options) => reader.readAll(options),
    subscribe: (options) => follow(reader, feed.open(), options),
    head: async () => writer.position ?? reader.head(),
    close: async () => {
      await writer.close()
      await reader.close()
    },
  }
}

async function retried(
  settled: Awaited<ReturnType<Writer['append']>>,
  reader: PostgresReader,
  request: AppendRequest,
): Promise<AppendResult> {
  if (settled.outcome === 'appended') return settled
  const known = await knownBefore(reader, request)
  if (known) return known
  if (settled.outcome === 'conflict') return conflict(reader, request, settled.stream)
  throw new Error('a key is taken that cannot be found')
}

/** A retry must be recognized before it is refused: the key first, then the claims. */
async function knownBefore(reader: PostgresReader, request: AppendRequest): Promise<AppendResult | undefined> {
  const recalled = await reader.recall(request.commandId)
  if (recalled)
    return recalled.requestHash === request.requestHash
      ? { outcome: 'replayed', ...placeOf(recalled) }
      : { outcome: 'mismatch', position: recalled.position }
  for (const claim of request.claims ?? []) {
    const taken = await reader.findClaim(claim)
    if (taken) return { outcome: 'claimed', claim, requestHash: taken.requestHash, place: placeOf(taken) }
  }
  return undefined
}

function placeOf({ stream, revision, position }: Recalled): { stream: string; revision: bigint; position: bigint } {
  return { stream, revision, position }
}

async function conflict(reader: PostgresReader, request: AppendRequest, stream: string): Promise<AppendResult> {
  const write = [...request.writes, ...(request.checks ?? [])].find((each) => each.stream === stream)
  const expected = write?.expected
  const from = typeof expected === 'bigint' ? expected + 1n : 0n
  const tail = []
  for await (const event of reader.readStream(stream, { from, limit: DEFAULT_LIMITS.conflict_tail_events + 1 }))
    tail.push(event)
  const last = tail.at(-1)
  const fits = tail.length <= DEFAULT_LIMITS.conflict_tail_events
  // An expectation ahead of the stream has no tail, and one far behind it not all of it: neither tells where the stream ends.
  const revision = last && fits ? last.revision : await endOf(reader, stream)
  const isWhole = fits && (last !== undefined || revision < from)
  return { outcome: 'conflict', stream, revision, tail: isWhole ? tail : undefined }
}

async function endOf(reader: PostgresReader, stream: string): Promise<bigint> {
  for await (const { revision } of reader.readStream(stream, { direction: 'backwards', limit: 1 })) return revision
  return -1n
}
