import type pg from 'pg'
import { type Logger, reasonOf, withClient } from '#runtime'
import { faultBound } from '../../fault-point.js'
import { readInt64 } from '../../log/binary.js'
import { termClient } from '../term-client.js'
import { findInRuns, type Queryable } from './blocks.js'
import { nextStep } from './merge-plan.js'
import { Merger } from './merger.js'
import { HASH_BYTES } from '../../log/name-hash.js'
import { ENTRY_BYTES, NameTable } from '../../log/name-table.js'
import { type RunSet } from './run-set.js'
import { sealRun } from './run-store.js'

/** Names of one run, a power of two. */
const NAMES_PER_RUN = faultBound('NAMES_PER_RUN', 524_288)

export interface NamesOptions {
  readonly url: string
  /** `application_name` of connections that write: a takeover ends them. */
  readonly connectionName: string
  /** The statement that holds the term for a transaction, and refuses it unless a batch was committed up to `last` (0: any). */
  readonly hold: (last: number) => string
  readonly logger: Logger
  /** A power of two, at least 512. Default {@link NAMES_PER_RUN}. */
  readonly names_per_run?: number | undefined
  /** Of merging, times the step before; default 3. See {@link Merger}. */
  readonly merge_pauses?: number | undefined
}

/** What is in runs and what is not, in one snapshot: nothing may be sealed between the two. */
const BEGIN_SQL = 'begin isolation level repeatable read read only'
/** In: a position, rows at most. Out: the names of the next batches after it. Locks nothing. */
const RECENT_SQL = 'select position, names from log.recent_names where position > $1 order by position limit $2'
/** Batches that are read at a time: 40 MB at most, and in time also where a migration has left the names of a whole log. */
const RECENT_PAGE = 100

/**
 * Every name that was ever taken, answered for at once: the youngest exactly and from memory, the others by one filter a
 * run. Each filter sends one new name in some 7,000 to the database, and a thousand million names make some 17 runs. A log-structured
 * merge tree (after O'Neil and others, 1996): a unique index on random values would cost each append more than its event does.
 */
export class Names {
  private current: NameTable
  /** Full, being sealed or just sealed: exact until the next one is full. */
  private previous: NameTable | undefined
  private sealing: Promise<void> | undefined
  private last = 0
  /** Grows when a run is sealed: who asked before asks again. */
  generation = 0
  private readonly merger: Merger

  private constructor(
    private readonly options: NamesOptions,
    private readonly runs: RunSet,
  ) {
    const { hold, logger, names_per_run = NAMES_PER_RUN, merge_pauses: pauses } = options
    this.current = new NameTable(names_per_run)
    this.merger = new Merger(runs, { client: () => this.client(), hold: hold(0), names_per_run, logger, pauses })
  }

  /**
   * Reads what a term must know before its first append, and goes on with merging.
   *
   * @param runs what is in memory already; the rest is read.
   */
  static async load(client: pg.ClientBase, runs: RunSet, options: NamesOptions): Promise<Names> {
    const names = new Names(options, runs)
    try {
      await client.query(BEGIN_SQL)
      const stored = await runs.refresh(client)
      const sealed = Math.max(0, ...stored.flatMap(({ id, last }) => (id === undefined ? [] : last)))
      await names.addRecent(client, sealed)
      await client.query('commit')
      if (nextStep(stored)) names.merger.wake()
      return names
    } catch (error) {
      // What was read may have filled runs by then, and sealing one wakes the merger.
      await names.close()
      throw error
    }
  }

  /** The names of the batches after a position. */
  private async addRecent(client: pg.ClientBase, after: number): Promise<void> {
    for (let from = after; ; from = this.last) {
      const { rows } = await client.query<{ position: string; names: Buffer }>(RECENT_SQL, [from, RECENT_PAGE])
      for (const { position, names } of rows) {
        await this.reserve(names.length / ENTRY_BYTES)
        for (let at = 0; at < names.length; at += ENTRY_BYTES) this.add(names, readInt64(names, at + HASH_BYTES), at)
        this.last = Number(position)
      }
      if (rows.length < RECENT_PAGE) return
    }
  }

  /** @returns the position of the append that took the name lately; 0 when it was nobody, or long ago. */
  recent(hash: Buffer, offset = 0): number {
    return this.current.find(hash, offset) || (this.previous?.find(hash, offset) ?? 0)
  }

  /** May a sealed run hold the name? Nearly always none does. */
  mayBeOlder(hash: Buffer, offset = 0): boolean {
    for (const { filter } of this.runs.all) if (filter.mayHold(hash, offset)) return true
    return false
  }

  /**
   * One question for all of them.
   *
   * @returns for each the position of the append that took the name, in whichever run; 0 when nobody did.
   * @throws Error when a run is gone, which only a later term can have merged; whatever the connection throws.
   */
  async find(pool: Queryable, hashes: readonly Buffer[]): Promise<number[]> {
    for (;;) {
      const { all } = this.runs
      const recent = hashes.map((hash) => this.recent(hash))
      const suspects = hashes.map((hash, at) => ({ hash, runs: recent[at] ? [] : this.runs.suspects(hash) }))
      const found = await findInRuns(pool, suspects)
      const positions = found.flatMap((position, at) => recent[at] || (position ?? []))
      if (positions.length === hashes.length) return positions
      if (all === this.runs.all) throw new Error('runs of names were merged by another term')
    }
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

  /** Until nothing is being sealed or merged any more. */
  async close(): Promise<void> {
    const stopped = this.merger.stop()
    await this.sealing?.catch(() => undefined)
    await stopped
  }

  private async seal(table: NameTable, last: number): Promise<void> {
    await withClient(this.client(), async (client) => {
      const run = await sealRun(client, this.options.hold(last), last, table)
      if (run) this.runs.add(run)
      else await this.runs.refresh(client)
      this.generation += 1
      this.options.logger.info({ names: table.size, last, runs: this.runs.all.length }, 'sealed a run of names')
      this.merger.wake()
    })
  }

  private client(): pg.Client {
    return termClient(this.options.url, this.options.connectionName)
  }
}
