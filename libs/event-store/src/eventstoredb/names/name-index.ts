import pg from 'pg'
import { type Logger, reasonOf } from '#runtime'
import { StoreUnavailable } from '../../port.js'
import { type KnownEnd } from '../log/head.js'

/** Where a name was taken, and by which request. */
export interface NamePlace {
  readonly revision: bigint
  readonly position: bigint
  readonly requestHash: string
}

/** What the index knows, at one moment. */
export interface Indexed {
  /** Names taken up to this position are all known to it, later ones are not looked for here. */
  readonly through: bigint
  readonly names: ReadonlyMap<string, NamePlace>
}

/** In: hashes. Out: the checkpoint, beside each name found; one row without any. Locks nothing. */
const LOOK_UP_SQL = `
select c.position as through, c.last, encode(n.hash, 'hex') as key, n.revision, n.position, n.request_hash
from eventstoredb.checkpoint c left join eventstoredb.names n on n.hash = any($1)`

/** Hashes in one question. */
const HASHES_MAX = 4_096
/** Questions under way: what comes meanwhile is the next one. */
const IN_FLIGHT_MAX = 2

interface Row {
  readonly through: string
  readonly last: string
  readonly key: string | null
  readonly revision: string
  readonly position: string
  readonly request_hash: string
}

interface Question {
  readonly keys: readonly string[]
  resolve(answer: Indexed): void
  reject(error: unknown): void
}

/** Looks up names in the index; all that is asked in one turn of the event loop is one question to the database. */
export class NameIndex {
  private readonly pool: pg.Pool
  private waiting: Question[] = []
  private inFlight = 0
  private isScheduled = false

  constructor({ url, pool_max, logger }: { url: string; pool_max: number; logger: Logger }) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: Math.min(pool_max, IN_FLIGHT_MAX),
      application_name: 'headwater names',
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      idleTimeoutMillis: 30_000,
    })
    this.pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection to the names broke'))
  }

  /** @throws StoreUnavailable */
  async lookUp(keys: readonly string[]): Promise<Indexed> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ keys, resolve, reject })
      if (this.isScheduled) return
      this.isScheduled = true
      setImmediate(() => {
        this.isScheduled = false
        this.ask()
      })
    })
  }

  /** How far it knows the log. @throws StoreUnavailable */
  async end(): Promise<KnownEnd> {
    const [row] = await this.query([])
    return { last: BigInt(row?.last ?? '0'), through: BigInt(row?.through ?? '0') }
  }

  async close(): Promise<void> {
    await this.pool.end()
  }

  private ask(): void {
    while (this.waiting.length > 0 && this.inFlight < IN_FLIGHT_MAX) {
      const batch: Question[] = []
      for (let hashes = 0; hashes < HASHES_MAX && this.waiting.length > 0;) {
        const next = this.waiting.shift()
        if (!next) break
        batch.push(next)
        hashes += next.keys.length
      }
      this.inFlight += 1
      void this.answer(batch).finally(() => {
        this.inFlight -= 1
        this.ask()
      })
    }
  }

  private async answer(batch: readonly Question[]): Promise<void> {
    try {
      const rows = await this.query(batch.flatMap(({ keys }) => keys))
      const through = BigInt(rows[0]?.through ?? '0')
      const names = new Map<string, NamePlace>()
      for (const { key, revision, position, request_hash: requestHash } of rows)
        if (key !== null) names.set(key, { revision: BigInt(revision), position: BigInt(position), requestHash })
      for (const { resolve } of batch) resolve({ through, names })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  private async query(keys: readonly string[]): Promise<Row[]> {
    try {
      const values = [keys.map((key) => Buffer.from(key, 'hex'))]
      return (await this.pool.query<Row>({ name: 'names', text: LOOK_UP_SQL, values })).rows
    } catch (error) {
      throw new StoreUnavailable('the index of names cannot be read', { cause: error })
    }
  }
}
