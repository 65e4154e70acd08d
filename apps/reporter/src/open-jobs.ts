import { type EventFilter, type EventStore } from '#event-store'
import { type ReadTable, rowsSql, type Sources } from '#read-models'
import { job, type ReportRequest } from '#reports'
import { type Logger, reasonOf } from '#runtime'
import { type ReportJob } from './report-runner.js'

const PAGE = 1_000
/** In: an id. Out: a page of the jobs behind it that are not settled, as the replica knows them. Locks nothing. */
const OPEN_SQL = `where t.state in ('queued', 'running') and t.id > $1 order by t.id limit ${PAGE}`

const SWEEP_MS = 5_000
const REQUESTS: EventFilter = { aggregates: [job.name], types: ['ReportRequested'] }

export interface OpenJobsOptions {
  readonly store: EventStore
  readonly sources: Sources
  readonly table: ReadTable
  readonly logger: Logger
  /** Puts a job into the queue; a job that is there already stays as it is. */
  readonly enqueue: (job: ReportJob) => Promise<unknown>
  /** Between two looks into the read model, in ms. Default 5,000. */
  readonly sweep_ms?: number
}

/**
 * Finds jobs to do: as they are requested, from the log; and every few seconds those that are open in the read model, so that a lost
 * queue, a lost event or a crash between the two only costs time.
 */
export class OpenJobs {
  private readonly stop = new AbortController()
  private readonly timer: NodeJS.Timeout
  private following: Promise<void> = Promise.resolve()
  private isSweeping = false
  /** How far the sweep has come in its round through all ids: however many stay open, each has its turn. */
  private swept = ''

  constructor(private readonly options: OpenJobsOptions) {
    this.timer = setInterval(() => void this.sweep(), options.sweep_ms ?? SWEEP_MS)
    this.following = this.follow()
    void this.sweep()
  }

  async close(): Promise<void> {
    clearInterval(this.timer)
    this.stop.abort()
    await this.following
  }

  private async follow(): Promise<void> {
    const { store, logger } = this.options
    const { signal } = this.stop
    while (!signal.aborted) {
      try {
        for await (const { events } of store.subscribe({ after: await store.head(), only: REQUESTS, signal }))
          for (const { aggregateId, data, position } of events)
            await this.found(aggregateId, data as ReportRequest, position)
      } catch (error) {
        logger.warn({ reason: reasonOf(error) }, 'requests are found by sweeping only')
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  /** One at a time: while the queue is away it lasts as long as that. */
  private async sweep(): Promise<void> {
    const { sources, table, logger } = this.options
    if (this.isSweeping) return
    this.isSweeping = true
    try {
      const { rows } = await sources.replica(rowsSql(table, OPEN_SQL, [this.swept]), table.columns)
      for (const { row, created } of rows) {
        const { id, report, params, at } = row as unknown as ReportRequest & { readonly id: string }
        await this.found(id, { report, params, ...(at ? { at } : {}) }, created.position)
        this.swept = id
      }
      if (rows.length < PAGE) this.swept = ''
    } catch (error) {
      logger.debug({ reason: reasonOf(error) }, 'open jobs were not swept')
    } finally {
      this.isSweeping = false
    }
  }

  private async found(
    id: string,
    { report, params, at = '0' }: Pick<ReportRequest, 'report' | 'params' | 'at'>,
    position: bigint,
  ): Promise<void> {
    const ahead = BigInt(at) > position ? { ahead: at } : {}
    await this.options.enqueue({ id, report, params, minPosition: position.toString(), ...ahead })
  }
}
