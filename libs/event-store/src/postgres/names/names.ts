import pg from 'pg'
import { type Logger, reasonOf } from '#runtime'
import { faultBound } from '../../fault-point.js'
import { readInt64 } from '../binary.js'
import { HASH_BYTES } from './name-hash.js'
import { ENTRY_BYTES, NameTable } from './name-table.js'
import { findInRuns, loadRuns, type Run, sealRun } from './run-store.js'

/** Names of one run, a power of two. */
const NAMES_PER_RUN = faultBound('NAMES_PER_RUN', 524_288)

export interface NamesOptions {
  readonly url: string
  /** `application_name` of connections that write: a takeover ends them. */
  readonly connectionName: string
  /** The statement that holds the term for the transaction that seals a run, and refuses it unless a batch was committed up to `last`. */
  readonly hold: (last: number) => string
  readonly logger: Logger
  /** A power of two, at least 512. Default {@link NAMES_PER_RUN}. */
  readonly names_per_run?: number | undefined
}

/** In: last position of the sealed runs. Out: the names of the batches after it. Locks nothing. */
const RECENT_SQL = 'select position, names from log.recent_names where position > $1 order by position'

/**
 * Every name that was ever taken, answered for at once: the youngest exactly and from memory, the others by one filter a
 * run. Each filter sends one new name in some 2,000 to the database: with 100 runs it is one in 20. A log-structured merge tree
 * without merging (after O'Neil and others, 1996): a unique index on random values would cost each append more than its event does.
 */
export class Names {
  private current: NameTable
  /** Full, being sealed or just sealed: exact until the next one is full. */
  private previous: NameTable | undefined
  private sealing: Promise<void> | undefined
  private last = 0
  /** Grows when a run is sealed: who asked before asks again. */
  generation = 0

  private constructor(
    private readonly options: NamesOptions,
    private readonly runs: Run[],
  ) {
    this.current = new NameTable(options.names_per_run ?? NAMES_PER_RUN)
  }

  /** Reads what a term must know before its first append. */
  static async load(client: pg.ClientBase, options: NamesOptions): Promise<Names> {
    const runs = await loadRuns(client)
    const names = new Names(options, runs)
    const sealed = runs.at(-1)?.last ?? 0
    const { rows } = await client.query<{ position: string; names: Buffer }>(RECENT_SQL, [sealed])
    for (const { position, names: entries } of rows) {
      await names.reserve(entries.length / ENTRY_BYTES)
      for (let at = 0; at < entries.length; at += ENTRY_BYTES)
        names.add(entries, readInt64(entries, at + HASH_BYTES), at)
      names.last = Number(position)
    }
    return names
  }

  /** @returns the position of the append that took the name lately; 0 when it was nobody, or long ago. */
  recent(hash: Buffer, offset = 0): number {
    return this.current.find(hash, offset) || (this.previous?.find(hash, offset) ?? 0)
  }

  /** May a sealed run hold the name? Nearly always none does. */
  mayBeOlder(hash: Buffer, offset = 0): boolean {
    for (const { filter } of this.runs) if (filter.mayHold(hash, offset)) return true
    return false
  }

  /** @returns the position of the append that took the name, in whichever run; 0 when nobody did. */
  async find(pool: pg.Pool, hash: Buffer): Promise<number> {
    const recent = this.recent(hash)
    if (recent > 0) return recent
    const runs = this.runs.filter(({ filter }) => filter.mayHold(hash))
    return runs.length === 0 ? 0 : findInRuns(pool, hash, runs)
  }

  /**
   * Makes room for so many names. Waits when the run before is not sealed yet.
   *
   * @param committed settles with the batch whose names came last, and so with all before it: a run is sealed only once they
   *   are committed. Default: they are.
   * @throws what sealing the run before threw.
   */
  async reserve(names: number, committed: Promise<unknown> = Promise.resolve()): Promise<void> {
    if (this.current.size + names <= this.current.capacity) return
    await this.sealing
    const full = this.current
    const { last } = this
    this.previous = full
    this.current = new NameTable(full.capacity)
    this.sealing = committed.then(() => this.seal(full, last))
    // Whoever needs room next is told; until then it must not count as unhandled.
    this.sealing.catch((error: unknown) =>
      this.options.logger.warn({ reason: reasonOf(error) }, 'a run of names could not be sealed'),
    )
  }

  add(hash: Buffer, position: number, offset = 0): void {
    this.current.add(hash, position, offset)
  }

  /** All names up to this position are here. */
  reached(position: number): void {
    this.last = position
  }

  /** Until nothing is being sealed. */
  async settled(): Promise<void> {
    await this.sealing?.catch(() => undefined)
  }

  private async seal(table: NameTable, last: number): Promise<void> {
    const { url, connectionName, hold, logger } = this.options
    const client = new pg.Client({
      connectionString: url,
      application_name: connectionName,
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const filter = await sealRun(client, hold(last), last, table)
      if (this.runs.at(-1)?.last !== last) this.runs.push({ last, filter })
      this.generation += 1
      logger.info({ names: table.size, last, runs: this.runs.length }, 'sealed a run of names')
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
