import { type Leadership } from '#leadership'
import { type Logger } from '#runtime'
import { DEFAULT_LIMITS, type EventStore, type Recalled } from '../port.js'
import { type Waiter } from '../log/append-queue.js'
import { type Verdict } from '../log/batch.js'
import { LOG_CAPABILITIES } from '../log/capabilities.js'
import { type BatchTimes } from './batch-sender.js'
import { type CommittedBatch } from '../log/committed-batch.js'
import { follow } from '../log/follow.js'
import { LiveFeed } from '../log/live-feed.js'
import { claimHash, commandHash } from '../log/name-hash.js'
import { plan } from '../log/pack.js'
import { type PlannedAppend } from '../log/planned.js'
import { PostgresReader } from './reader.js'
import { resultOf } from './result.js'
import { Writer } from './writer.js'

export interface PostgresStoreOptions {
  readonly url: string
  readonly leadership: Leadership
  readonly logger: Logger
  /** Connections for reading. Default 4. */
  readonly pool_max?: number
  /** Appends that may wait for their batch; beyond that they are refused as overloaded. Default 16,384. */
  readonly queue_max?: number
  /** Names in one run, a power of two. For tests; see `Names`. */
  readonly names_per_run?: number
  /** How long the database is waited for by what commands wait for, in ms. Default 5,000. */
  readonly patience_ms?: number
  /** How long merging runs of names gives way after each step, in times that the step took. Default 3. */
  readonly merge_pauses?: number
}

export interface PostgresStore extends EventStore {
  /** Takes appends that came together, each settled by itself. What came of one says nothing that would have to be read first. */
  submit(appends: readonly PlannedAppend[], waiter: Waiter): void
  /** @returns the position of the append that took the name with this hash; 0 when nobody did. */
  find(hash: Buffer): Promise<number>
  /** Calls back after each commit with where its time went. */
  onTimes(listener: (times: BatchTimes) => void): void
  readonly leads: boolean
  /** Appends waiting for their batch. */
  readonly waiting: number
  /** Of the last committed event, while this writer leads. */
  readonly position: bigint | undefined
  /** Calls back at once and with each change: the epoch under which it takes appends, or undefined. @returns how to stop. */
  onLeading(listener: (epoch: bigint | undefined) => void): () => void
  /** Calls back after each commit. @returns how to stop. */
  onCommitted(listener: (batch: CommittedBatch) => void): () => void
}

/** The Postgres store with the serialized writer in this process. The schema must be there, see `migrateLog`. */
export function openPostgresStore(options: PostgresStoreOptions): PostgresStore {
  const { url, leadership, logger, pool_max = 4, names_per_run, merge_pauses, patience_ms, queue_max } = options
  const reader = new PostgresReader({ url, pool_max, patience_ms, logger })
  const { pool } = reader
  const writer = new Writer({
    url,
    leadership,
    name: 'event-writer',
    logger,
    pool,
    names_per_run,
    merge_pauses,
    queue_max,
  })
  const feed = new LiveFeed()
  writer.on('committed', (batch) => feed.publish(batch))
  return {
    capabilities: LOG_CAPABILITIES,
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
    submit: (appends, waiter) => writer.submit(appends, waiter),
    find: (hash) => writer.find(hash),
    onTimes: (listener) => void writer.on('times', listener),
    append: async (request) => {
      const planned = plan(request, DEFAULT_LIMITS)
      const verdict = await new Promise<Verdict>((settle, fail) => {
        writer.submit([planned], { settle: (_, each) => settle(each), fail: (_, error) => fail(error) })
      })
      return resultOf(verdict, request, reader)
    },
    recall: async (id) => found(await writer.find(commandHash(id)), reader),
    findClaim: async (claim) => found(await writer.find(claimHash(claim)), reader),
    readStream: (stream, options) => reader.readStream(stream, options),
    readAll: (options) => reader.readAll(options),
    subscribe: (options) => follow(reader, feed, options),
    head: async () => writer.position ?? reader.head(),
    close: async () => {
      await writer.close()
      await reader.close()
    },
  }
}

/** What an earlier append came to, by the position of its last event; 0 when there was none. */
export async function found(position: number, reader: PostgresReader): Promise<Recalled | undefined> {
  return position === 0 ? undefined : reader.commandAt(position)
}
