import { EventEmitter } from 'node:events'
import { type Logger, reasonOf } from '#runtime'
import { feedKey, STATE_KEY } from '../cache/keys.js'
import { openRedis, type Redis } from '../cache/redis.js'
import { type FeedChange } from '../project/changes.js'

/** One applied batch as the feed tells it. */
export interface FeedBatch {
  readonly position: bigint
  readonly changes: readonly FeedChange[]
}

export interface FeedOptions {
  readonly url: string
  readonly logger: Logger
}

/**
 * One consumption of the change feed a process, however many watch. Emits `batch` in order without holes, and `gap` when
 * that chain broke (another generation, or entries trimmed before they were read): then state must be read anew.
 */
export class Feed extends EventEmitter<{ batch: [FeedBatch]; gap: [position: bigint] }> {
  /** Last position seen; 0n before the first. */
  position = 0n
  /** Is the feed being followed right now? */
  isLive = false
  private generation = ''
  private readonly redis: Redis
  private closed = false
  private readonly done: Promise<void>

  constructor(private readonly options: FeedOptions) {
    super()
    this.setMaxListeners(0)
    this.redis = openRedis(options.url, options.logger)
    this.done = this.run()
  }

  async close(): Promise<void> {
    this.closed = true
    this.redis.destroy()
    await this.done
  }

  private isClosed(): boolean {
    return this.closed
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      try {
        await this.step()
        this.isLive = true
      } catch (error) {
        if (this.isLive) this.options.logger.warn({ reason: reasonOf(error) }, 'the change feed is interrupted')
        this.isLive = false
        if (!this.isClosed()) await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  private async step(): Promise<void> {
    const [generation, applied] = await this.redis.hmGet(STATE_KEY, ['generation', 'applied'])
    if (typeof generation !== 'string' || typeof applied !== 'string') {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return
    }
    if (generation !== this.generation) this.begin(generation, BigInt(applied))
    const key = feedKey(this.generation)
    const answer = await this.redis.xRead([{ key, id: `${this.position.toString()}-0` }], { BLOCK: 500, COUNT: 200 })
    const streams = (answer ?? []) as { messages: { id: string; message: Record<string, string> }[] }[]
    for (const { messages } of streams)
      for (const { id, message } of messages) {
        if (message['reset'] !== undefined) return
        this.take(BigInt(id.split('-')[0] ?? '0'), message)
      }
  }

  private begin(generation: string, position: bigint): void {
    const isFirst = this.generation === ''
    this.generation = generation
    this.position = position
    if (!isFirst) this.emit('gap', position)
  }

  private take(position: bigint, message: Readonly<Record<string, string>>): void {
    const isContiguous = BigInt(message['after'] ?? '0') === this.position
    this.position = position
    const changes = JSON.parse(message['changes'] ?? '[]') as FeedChange[]
    if (isContiguous) this.emit('batch', { position, changes })
    else this.emit('gap', position)
  }
}
