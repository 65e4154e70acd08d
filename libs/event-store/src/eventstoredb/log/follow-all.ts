import { setTimeout as sleep } from 'node:timers/promises'
import { UnknownError } from '@eventstore/db-client'
import { type Logger, reasonOf } from '#runtime'
import { type EventBatch, type SubscribeOptions } from '../../port.js'
import { type Wanted, wantedBy } from '../../wanted.js'
import { type Connections } from '../client/connections.js'
import { remedyOf } from '../client/remedy.js'
import { boundaryAt } from './boundary.js'
import { LiveRead } from './live-read.js'
import { type Reading } from './reading.js'
import { type StreamNames } from './streams.js'

const BATCH_MAX = 1_000
const QUIET_MS = 5_000
const AGAIN_MS = 50

export interface Follower {
  readonly connections: Connections
  readonly reading: Reading
  readonly streams: StreamNames
  readonly logger: Logger
}

/**
 * Catch-up, then live: one subscription after the other, each from where the one before has come to. Contiguous because each
 * begins after the last event taken and brings all that stand behind it in order.
 *
 * @param quiet_ms how long nothing but other people's events may go by before the position is told.
 */
export async function* followAll(
  follower: Follower,
  options: SubscribeOptions,
  quiet_ms = QUIET_MS,
): AsyncGenerator<EventBatch> {
  const { after, only, batch_max = BATCH_MAX, signal } = options
  const wanted = wantedBy(only)
  const isOver = (): boolean => signal?.aborted === true
  const troubles = new Troubles(follower.logger)
  let position = after
  while (!isOver()) {
    const live = await openLive(follower, position, { wanted, signal }, troubles)
    if (live) {
      const stop = (): void => live.mailbox.end()
      signal?.addEventListener('abort', stop, { once: true })
      // It may have aborted while there was nobody to tell.
      if (isOver()) stop()
      try {
        for await (const batch of batchesOf(live, follower, position, batch_max, quiet_ms)) {
          if (isOver()) return
          yield batch
          position = batch.position
        }
      } finally {
        signal?.removeEventListener('abort', stop)
        live.cancel()
      }
      if (!isOver()) mourn(follower, live, troubles)
    }
    await sleep(AGAIN_MS + Math.random() * AGAIN_MS, undefined, signal ? { signal } : {}).catch(() => undefined)
  }
}

/** Until the subscription ends. */
async function* batchesOf(
  { mailbox }: LiveRead,
  { reading }: Follower,
  after: bigint,
  batch_max: number,
  quiet_ms: number,
): AsyncGenerator<EventBatch> {
  let told_ms = performance.now()
  let isAsking = false
  /** One question at a time: what comes of it is another connection. */
  const askWhetherThere = async (): Promise<void> => {
    if (isAsking) return
    isAsking = true
    await reading.end().catch(() => undefined)
    isAsking = false
  }
  for (;;) {
    const taken = await mailbox.take(batch_max, reading.patience.silence_ms)
    if (!taken) return
    const { events, position } = taken
    if (position === after) void askWhetherThere()
    if (position === after || (events.length === 0 && performance.now() - told_ms < quiet_ms)) continue
    yield { after, position, events }
    after = position
    told_ms = performance.now()
  }
}

interface Following {
  readonly wanted: Wanted | undefined
  readonly signal: AbortSignal | undefined
}

/** Undefined when there is none now. */
async function openLive(
  follower: Follower,
  position: bigint,
  { wanted, signal }: Following,
  troubles: Troubles,
): Promise<LiveRead | undefined> {
  const { connections, reading, streams } = follower
  try {
    const connection = await connections.connection()
    try {
      return await LiveRead.open(connection, streams, position, wanted)
    } catch (error) {
      if (remedyOf(error) === 'replace') connections.replace(connection, error)
      if (!(error instanceof UnknownError) || remedyOf(error) !== 'never') throw error
      const boundary = await boundaryAt(reading, position, signal)
      if (boundary === position) throw error
      return await LiveRead.open(connection, streams, position, wanted, boundary)
    }
  } catch (error) {
    if (signal?.aborted !== true) troubles.tell(error, 'the log cannot be followed yet')
    return undefined
  }
}

function mourn({ connections }: Follower, { connection, failure }: LiveRead, troubles: Troubles): void {
  if (failure === undefined) return
  troubles.tell(failure, 'a subscription was dropped; it goes on from where it was')
  if (remedyOf(failure) === 'replace') connections.replace(connection, failure)
}

/** Tells each trouble when it is new: attempts follow on each other quickly. */
class Troubles {
  private last = ''

  constructor(private readonly logger: Logger) {}

  tell(error: unknown, message: string): void {
    const reason = reasonOf(error)
    if (reason !== this.last) this.logger.info({ reason }, message)
    this.last = reason
  }
}
