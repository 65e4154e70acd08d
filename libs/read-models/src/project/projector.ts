import { type Domain } from '#domain-kit'
import { type EventStore } from '#event-store'
import { type Leadership } from '#leadership'
import { type Logger, reasonOf } from '#runtime'
import { CacheWriter } from '../cache/cache-writer.js'
import { type Redis } from '../cache/redis.js'
import { ProjectionUnit } from './unit.js'

export interface ProjectorOptions {
  readonly store: EventStore
  readonly url: string
  readonly domains: readonly Domain[]
  readonly redis: Redis
  readonly leadership: Leadership
  readonly logger: Logger
  /** Events folded in one transaction. Default 1,000. */
  readonly batch_max?: number
  /** Budget of the cached rows, in bytes. Default 256 MiB. */
  readonly cache_bytes_max?: number
}

/** Folds the log for as long as it owns the read models; stands by otherwise. */
export class Projector {
  /** Last position folded; undefined while it does not own the read models. */
  position: bigint | undefined
  /** Why folding stopped, until it goes on. */
  trouble: string | undefined
  private term: AbortController | undefined
  private running: Promise<void> = Promise.resolve()

  constructor(private readonly options: ProjectorOptions) {
    options.leadership.on('gained', (epoch) => {
      const term = new AbortController()
      this.term = term
      this.running = this.running.then(() => this.lead(epoch, term.signal))
    })
    options.leadership.on('lost', () => this.term?.abort())
  }

  /** Finishes the batch in hand. */
  async close(): Promise<void> {
    this.term?.abort()
    await this.running
  }

  private async lead(epoch: bigint, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.foldOn(epoch, signal)
      } catch (error) {
        this.trouble = reasonOf(error)
        this.options.logger.error({ reason: this.trouble }, 'folding stopped; it begins again at the checkpoint')
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    }
    this.position = undefined
  }

  private async foldOn(epoch: bigint, signal: AbortSignal): Promise<void> {
    const { store, url, domains, redis, logger, batch_max = 1_000, cache_bytes_max } = this.options
    const unit = await ProjectionUnit.open({ url, domains, lease: { name: 'projector', epoch }, logger })
    const cache = new CacheWriter(redis, epoch, logger, cache_bytes_max)
    const mending = setInterval(() => {
      void cache.mend(unit.position)
    }, 1_000)
    try {
      await cache.begin(unit.position)
      this.position = unit.position
      this.trouble = undefined
      for await (const batch of store.subscribe({ after: unit.position, batch_max, signal })) {
        const changes = await unit.fold(batch)
        this.position = batch.position
        await cache.apply(batch, changes)
      }
    } finally {
      clearInterval(mending)
      await unit.close()
    }
  }
}
