import { createHash } from 'node:crypto'
import pg from 'pg'
import { type Logger } from '#runtime'
import { holdSql } from '../commit.js'
import { migrateLog } from '../schema.js'
import { nextStep } from './merge-plan.js'
import { mergeStep } from './merge-step.js'
import { type NamesOptions } from './names.js'
import { NameTable } from './name-table.js'
import { sealRun, type StoredRun, storedRuns } from './run-store.js'

export const NAMES_PER_RUN = 512
const LEASE = 'event-writer'

/** For tests of runs alone: a log in which names are sealed without events, under a term of its own. */
export class SealedNames {
  /** Every name, by its hash in hex, with its position. */
  readonly known = new Map<string, number>()
  private readonly epoch = 1n
  private last = 0

  private constructor(
    private readonly url: string,
    private readonly logger: Logger,
    readonly client: pg.Client,
    readonly pool: pg.Pool,
  ) {}

  /** @param url of an empty database. */
  static async open(url: string, logger: Logger): Promise<SealedNames> {
    await migrateLog(url)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`insert into log.leases values ($1, 1, 'test', 0, 'infinity')`, [LEASE])
    const pool = new pg.Pool({ connectionString: url, max: 4 })
    // A pool has ended before its connections have, and the database may be dropped under them.
    pool.on('connect', (each) => each.on('error', () => undefined))
    return new SealedNames(url, logger, client, pool)
  }

  async close(): Promise<void> {
    await this.client.end()
    await this.pool.end()
  }

  hold(last = 0): string {
    return holdSql({ name: LEASE, epoch: this.epoch }, last)
  }

  get options(): NamesOptions {
    const { url, logger } = this
    const hold = (last: number): string => this.hold(last)
    return { url, connectionName: 'names', hold, logger, names_per_run: NAMES_PER_RUN }
  }

  /** Somebody else leads from now on. */
  async loseTerm(): Promise<void> {
    await this.pool.query('update log.leases set epoch = epoch + 1')
  }

  static hashOf(position: number): Buffer {
    return createHash('sha256').update(`name ${position}`).digest().subarray(0, 16)
  }

  /** Seals so many new names as runs of their own. */
  async seal(runs: number, names = NAMES_PER_RUN): Promise<void> {
    for (let run = 0; run < runs; run += 1) {
      const table = new NameTable(NAMES_PER_RUN)
      for (let count = 0; count < names; count += 1) {
        this.last += 1
        const hash = SealedNames.hashOf(this.last)
        table.add(hash, this.last)
        this.known.set(hash.toString('hex'), this.last)
      }
      await this.client.query(`insert into log.recent_names (after, position, names) values ($1 - 1, $1, '')`, [
        this.last,
      ])
      await sealRun(this.client, this.hold(this.last), this.last, table)
    }
  }

  stored(): Promise<StoredRun[]> {
    return storedRuns(this.client)
  }

  /** @returns what it did; undefined when there was nothing to do. */
  async step(client: pg.ClientBase = this.client): Promise<string | undefined> {
    const step = nextStep(await this.stored())
    if (step) await mergeStep(client, step, { hold: this.hold(), names_per_run: NAMES_PER_RUN })
    return step?.kind
  }

  /** Until there is nothing to do, or what comes next is of this kind. */
  async merge(until?: string): Promise<void> {
    for (;;) {
      const step = nextStep(await this.stored())
      if (step === undefined || step.kind === until) return
      await this.step()
    }
  }
}
