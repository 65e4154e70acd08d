import pg from 'pg'
import { isServerAtFault, type Logger, Problem, reasonOf } from '#runtime'

export interface ReportResult {
  readonly job: string
  readonly format: string
  readonly mediaType: string
  readonly body: string
  readonly position: bigint
}

/**
 * Written whole, once for each position: what another run of the job comes to stands beside it, and the settled job says which one counts.
 * Locks the row.
 */
const PUT_SQL = `
insert into headwater.report_results (job, format, media_type, body, position) values ($1, $2, $3, $4, $5)
on conflict do nothing`

/** A primary that says nothing for so long, in ms, is given up: to write a result takes a fraction of it. */
const ANSWER_MS_MAX = 10_000

/** Results of reports: written to the primary, read from the replicas like everything else. */
export class ResultStore {
  private readonly pool: pg.Pool

  constructor(url: string, logger: Logger, answer_ms_max = ANSWER_MS_MAX) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: 2,
      application_name: 'headwater reporter',
      connectionTimeoutMillis: 5_000,
      query_timeout: answer_ms_max,
    })
    this.pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection for results broke'))
  }

  /** @throws Problem `unavailable` when the primary does not answer; what it says of a result that it does not take. */
  async put({ job, format, mediaType, body, position }: ReportResult): Promise<void> {
    try {
      await this.pool.query(PUT_SQL, [job, format, mediaType, body, position])
    } catch (error) {
      if (!isServerAtFault(error)) throw error
      throw Problem.of('unavailable', `the result cannot be written: ${reasonOf(error)}`)
    }
  }

  async close(): Promise<void> {
    await this.pool.end()
  }
}
