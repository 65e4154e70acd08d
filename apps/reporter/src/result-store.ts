import pg from 'pg'
import { type Logger, reasonOf } from '#runtime'

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

/** Results of reports: written to the primary, read from the replicas like everything else. */
export class ResultStore {
  private readonly pool: pg.Pool

  constructor(url: string, logger: Logger) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: 2,
      application_name: 'headwater reporter',
      connectionTimeoutMillis: 5_000,
    })
    this.pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection for results broke'))
  }

  async put({ job, format, mediaType, body, position }: ReportResult): Promise<void> {
    await this.pool.query(PUT_SQL, [job, format, mediaType, body, position])
  }

  async close(): Promise<void> {
    await this.pool.end()
  }
}
