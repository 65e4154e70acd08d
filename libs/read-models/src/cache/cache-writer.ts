import { randomUUID } from 'node:crypto'
import { type EventBatch } from '#event-store'
import { type Logger, reasonOf } from '#runtime'
import { type BatchChanges } from '../project/changes.js'
import { BUDGET_KEY, CACHE_BYTES_MAX } from './budget.js'
import { feedKey, STATE_KEY } from './keys.js'
import { type Redis } from './redis.js'
import { APPLY_LUA, RESET_LUA } from './scripts.js'
import { sweepGenerations } from './sweep.js'

/** Cached rows live this long after they were last written. */
export const ROW_TTL_S = 3_600
/** Changes that the feed keeps: at least the first, at most the second (and a byte bound that may cut deeper). */
export const FEED_CHANGES_MIN = 10_000
const FEED_CHANGES_MAX = 20_000
const FEED_BYTES_MAX = 64 * 1024 * 1024

interface Kept {
  readonly position: string
  readonly changes: number
  readonly bytes: number
}

/**
 * Brings committed batches to Redis: documents, the applied position and the change feed in one script. A batch that Redis missed
 * begins a new generation, so that nothing stale can look fresh.
 */
export class CacheWriter {
  private kept: Kept[] = []
  private isBroken = true
  private isSweeping = false

  constructor(
    private readonly redis: Redis,
    private readonly epoch: bigint,
    private readonly logger: Logger,
    /** Budget of the cached rows, in bytes. */
    private readonly bytes_max = CACHE_BYTES_MAX,
  ) {}

  /** Before the first batch: goes on where Redis is, if that is where the database is. */
  async begin(position: bigint): Promise<void> {
    try {
      await this.redis.hSet(BUDGET_KEY, 'max', this.bytes_max)
      const [generation, applied] = await this.redis.hmGet(STATE_KEY, ['generation', 'applied'])
      if (typeof generation === 'string' && applied === position.toString()) {
        const entries = (await this.redis.xRange(feedKey(generation), '-', '+')) ?? []
        this.kept = entries.map(({ id, message }) => {
          const text = message['changes'] ?? '[]'
          return { position: id, changes: (JSON.parse(text) as unknown[]).length, bytes: text.length }
        })
        this.isBroken = false
      } else await this.reset(position)
    } catch (error) {
      this.logger.warn({ reason: reasonOf(error) }, 'Redis cannot be written yet')
    }
  }

  /** Never throws: a Redis that is down costs caching, never folding. */
  async apply({ after, position }: Pick<EventBatch, 'after' | 'position'>, batch: BatchChanges): Promise<void> {
    if (this.isBroken) return this.mend(position)
    const changes = JSON.stringify(batch.changes)
    this.kept.push({ position: `${position.toString()}-0`, changes: batch.changes.length, bytes: changes.length })
    try {
      const outcome = await this.redis.eval(APPLY_LUA, {
        keys: [STATE_KEY],
        arguments: [
          this.epoch.toString(),
          after.toString(),
          position.toString(),
          String(ROW_TTL_S),
          changes,
          String(batch.changes.length),
          this.oldestToKeep(),
          ...batch.documents.flatMap(([suffix, value]) => [suffix, value ?? '']),
        ],
      })
      if (outcome === 'ok') return
      this.logger.warn(
        { outcome, position: position.toString() },
        'the cache does not follow on; a new generation begins',
      )
      if (outcome === 'gap') await this.reset(position)
    } catch (error) {
      this.isBroken = true
      this.logger.warn({ reason: reasonOf(error) }, 'a batch did not reach Redis')
    }
  }

  /** Called while idle too: a Redis that came back must not wait for the next event. */
  async mend(position: bigint): Promise<void> {
    if (!this.isBroken) return
    try {
      await this.reset(position)
    } catch {
      // Redis is still away; its client has said so.
    }
  }

  private async reset(position: bigint): Promise<void> {
    await this.redis.eval(RESET_LUA, {
      keys: [STATE_KEY],
      arguments: [this.epoch.toString(), position.toString(), randomUUID()],
    })
    this.kept = []
    this.isBroken = false
    // Redis may have lost that, too.
    await this.redis.hSet(BUDGET_KEY, 'max', this.bytes_max)
    this.sweep()
  }

  /** In the background: it may take longer than folding can wait. */
  private sweep(): void {
    if (this.isSweeping) return
    this.isSweeping = true
    sweepGenerations(this.redis, ROW_TTL_S)
      .catch((error: unknown) => this.logger.warn({ reason: reasonOf(error) }, 'old rows stay until they expire'))
      .finally(() => {
        this.isSweeping = false
      })
  }

  /** Cuts the feed when it is over its upper bound, down to its lower one. */
  private oldestToKeep(): string {
    const total = this.kept.reduce((sum, { changes }) => sum + changes, 0)
    const bytes = this.kept.reduce((sum, each) => sum + each.bytes, 0)
    if (total <= FEED_CHANGES_MAX && bytes <= FEED_BYTES_MAX) return ''
    let changesLeft = total
    let bytesLeft = bytes
    while (this.kept.length > 1) {
      const [first] = this.kept
      if (!first) break
      const isEnough = changesLeft - first.changes < FEED_CHANGES_MIN && bytesLeft <= FEED_BYTES_MAX
      if (isEnough) break
      changesLeft -= first.changes
      bytesLeft -= first.bytes
      this.kept.shift()
    }
    return this.kept[0]?.position ?? ''
  }
}
