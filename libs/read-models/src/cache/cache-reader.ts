import { type Logger, reasonOf } from '#runtime'
import { bounded } from '../bounded.js'
import { Breaker } from './breaker.js'
import { TTL_S } from './keys.js'
import { type Redis } from './redis.js'
import { Script } from './script.js'
import { FILL_LUA, READ_LUA } from './scripts.js'

/** What the cache says of a row: how far it is, and the row's text if it holds it. Not held says nothing about the row. */
export interface CachedRow {
  readonly generation: string
  readonly position: bigint
  /** Of its projection. */
  readonly build: number
  readonly text: string | undefined
}

/** Where a row stands in Redis. */
export interface CachePlace {
  /** The state of its lane. */
  readonly key: string
  readonly suffix: string
  /** Field of the state that holds its projection's position when that is not the lane's. */
  readonly own: string
  /** Field of the state that holds the number of its projection's build. */
  readonly build: string
}

export interface CacheReaderOptions {
  readonly redis: Redis
  readonly logger: Logger
  /** How long the cache may keep a query waiting, in ms. Default 100. */
  readonly read_ms_max?: number
}

/** Rows asked for in one script. */
const BATCH_MAX = 128
const READ_MS_MAX = 100

interface Batch {
  /** By name of the row. */
  readonly places: Map<string, { readonly at: number; readonly place: CachePlace }>
  /** Generation, position, build and text of each, in the order of asking. */
  readonly answer: Promise<readonly unknown[] | undefined>
  begin(): void
}

const nameOf = ({ key, suffix }: CachePlace): string => `${key} ${suffix}`

/**
 * Reads rows of the cache, each with the position that it reflects. What is asked in one turn of the event loop goes in one
 * script. Redis away, hanging or empty costs a query at most `read_ms_max`, and only one query in a while: a breaker skips it.
 */
export class CacheReader {
  private readonly breaker = new Breaker()
  private readonly readScript = new Script(READ_LUA)
  private readonly fillScript = new Script(FILL_LUA)
  private readonly read_ms_max: number
  private open: Batch | undefined
  /** Scripts that Redis was sent and has not answered. */
  private unanswered = 0

  constructor(private readonly options: CacheReaderOptions) {
    this.read_ms_max = options.read_ms_max ?? READ_MS_MAX
  }

  /** @returns undefined when the cache cannot say anything now. Never throws. */
  async read(place: CachePlace): Promise<CachedRow | undefined> {
    let batch = this.open
    if (!batch) {
      const isProbe = this.breaker.isOpen
      // A connection that hangs is given up only when nobody writes to it.
      if (isProbe && this.unanswered > 0) return undefined
      if (!this.breaker.allows()) return undefined
      batch = this.batch(isProbe)
    }
    const { places } = batch
    const name = nameOf(place)
    const at = places.get(name)?.at ?? places.size
    if (at === places.size) {
      places.set(name, { at, place })
      if (places.size >= BATCH_MAX) batch.begin()
    }
    const answer = await batch.answer
    if (!answer) return undefined
    const [generation, position, build, text] = answer.slice(4 * at, 4 * at + 4)
    if (typeof generation !== 'string' || typeof position !== 'string' || typeof build !== 'string') return undefined
    const found = typeof text === 'string' ? text : undefined
    return { generation, position: BigInt(position), build: Number(build), text: found }
  }

  /**
   * Keeps a row that was found in a replica at exactly the position that the cache was at, and in the build that is cached: a generation is of one
   * build. Nobody waits for it.
   */
  fill({ generation, position }: CachedRow, { key, suffix, own }: CachePlace, text: string): void {
    if (this.breaker.isOpen) return
    const args = [generation, position.toString(), String(TTL_S), suffix, text, own]
    this.fillScript.run(this.options.redis, [key], args).catch(() => undefined)
  }

  private batch(isProbe: boolean): Batch {
    const places: Batch['places'] = new Map()
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = () => {
        if (this.open === batch) this.open = undefined
        resolve()
      }
    })
    const answer = begun.then(() =>
      this.ask(
        [...places.values()].map(({ place }) => place),
        isProbe,
      ),
    )
    const batch: Batch = { places, answer, begin }
    this.open = batch
    setImmediate(begin)
    return batch
  }

  private async ask(places: readonly CachePlace[], isProbe: boolean): Promise<readonly unknown[] | undefined> {
    const keys = [...new Set(places.map(({ key }) => key))]
    const args = places.flatMap(({ key, own, build, suffix }) => [String(1 + keys.indexOf(key)), own, build, suffix])
    try {
      const asked = this.asked(this.readScript.run(this.options.redis, keys, args))
      const answer = await bounded(asked, this.read_ms_max, 'Redis')
      this.breaker.succeeded()
      return Array.isArray(answer) ? (answer as unknown[]) : undefined
    } catch (error) {
      if (this.breaker.failed(isProbe))
        this.options.logger.warn({ reason: reasonOf(error) }, 'the cache cannot be read and is skipped for a while')
      return undefined
    }
  }

  private async asked<T>(answer: Promise<T>): Promise<T> {
    this.unanswered += 1
    try {
      return await answer
    } finally {
      this.unanswered -= 1
    }
  }
}
