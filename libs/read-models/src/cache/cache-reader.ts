import { type Logger, reasonOf } from '#runtime'
import { Breaker } from './breaker.js'
import { ROW_TTL_S } from './cache-writer.js'
import { STATE_KEY } from './keys.js'
import { type Redis } from './redis.js'
import { Script } from './script.js'
import { FILL_LUA, READ_LUA } from './scripts.js'

/** What the cache says of a row: how far it is, and the row's text if it holds it. Not held says nothing about the row. */
export interface CachedRow {
  readonly generation: string
  readonly position: bigint
  readonly text: string | undefined
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
  readonly places: Map<string, number>
  readonly answer: Promise<Answer | undefined>
  begin(): void
}

interface Answer {
  readonly generation: string
  readonly position: bigint
  readonly texts: readonly unknown[]
}

/**
 * Reads rows of the cache, each with the position that the cache is at. What is asked in one turn of the event loop goes in one
 * script. Redis away, hanging or empty costs a query at most `read_ms_max`, and only one query in a while: a breaker skips it.
 */
export class CacheReader {
  private readonly breaker = new Breaker()
  private readonly readScript = new Script(READ_LUA)
  private readonly fillScript = new Script(FILL_LUA)
  private readonly read_ms_max: number
  private open: Batch | undefined

  constructor(private readonly options: CacheReaderOptions) {
    this.read_ms_max = options.read_ms_max ?? READ_MS_MAX
  }

  /** @returns undefined when the cache cannot say anything now. Never throws. */
  async read(suffix: string): Promise<CachedRow | undefined> {
    let batch = this.open
    if (!batch) {
      const isProbe = this.breaker.isOpen
      if (!this.breaker.allows()) return undefined
      batch = this.batch(isProbe)
    }
    let place = batch.places.get(suffix)
    if (place === undefined) {
      place = batch.places.size
      batch.places.set(suffix, place)
      if (batch.places.size >= BATCH_MAX) batch.begin()
    }
    const answer = await batch.answer
    if (!answer) return undefined
    const { generation, position, texts } = answer
    const text = texts[place]
    return { generation, position, text: typeof text === 'string' ? text : undefined }
  }

  /** Keeps a row that was found in a replica at exactly the position that the cache was at. Nobody waits for it. */
  fill({ generation, position }: CachedRow, suffix: string, text: string): void {
    if (this.breaker.isOpen) return
    const args = [generation, position.toString(), String(ROW_TTL_S), suffix, text]
    this.fillScript.run(this.options.redis, STATE_KEY, args).catch(() => undefined)
  }

  private batch(isProbe: boolean): Batch {
    const places = new Map<string, number>()
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = () => {
        if (this.open === batch) this.open = undefined
        resolve()
      }
    })
    const answer = begun.then(() => this.ask([...places.keys()], isProbe))
    const batch: Batch = { places, answer, begin }
    this.open = batch
    setImmediate(begin)
    return batch
  }

  private async ask(suffixes: readonly string[], isProbe: boolean): Promise<Answer | undefined> {
    try {
      const answer = await this.bounded(this.readScript.run(this.options.redis, STATE_KEY, suffixes))
      this.breaker.succeeded()
      if (!Array.isArray(answer)) return undefined
      const [generation, applied, ...texts] = answer as unknown[]
      if (typeof generation !== 'string' || typeof applied !== 'string') return undefined
      return { generation, position: BigInt(applied), texts }
    } catch (error) {
      if (this.breaker.failed(isProbe))
        this.options.logger.warn({ reason: reasonOf(error) }, 'the cache cannot be read and is skipped for a while')
      return undefined
    }
  }

  /** An answer that has come while this process was busy counts: after the time one more turn is given to take it. */
  private async bounded<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const give = (): void => reject(new Error(`Redis did not answer within ${this.read_ms_max} ms`))
      const timer = setTimeout(() => setImmediate(() => setImmediate(give)), this.read_ms_max)
      answer.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}
