import { type CommandHandler, type CommandOutcome } from '#commands'
import { type AnyCommand, type Domain, type Report } from '#domain-kit'
import { collectionSql, type ReadTable, ROWS_MAX, type Snapshot, type Sources } from '#read-models'
import { settleReport, startReport } from '#reports'
import { type ResultStore } from './result-store.js'

/** A job as the queue carries it. */
export interface ReportJob {
  readonly id: string
  readonly report: string
  readonly params: object
  /** The result must reflect at least this position: what was asked for, and where the request itself stands. */
  readonly minPosition: string
}

export interface RunnerOptions {
  readonly domains: readonly Domain[]
  readonly tables: readonly ReadTable[]
  readonly handler: CommandHandler
  readonly sources: Sources
  readonly results: ResultStore
}

const FRESH_MS_MAX = 30_000

/** Computes one report from one snapshot of a replica. Safe to run twice: results are written whole, settling happens once. */
export class ReportRunner {
  constructor(private readonly options: RunnerOptions) {}

  /** @throws when it may succeed later: the queue tries again. */
  async run(job: ReportJob): Promise<void> {
    const report = this.options.domains.flatMap((domain) => domain.reports).find(({ name }) => name === job.report)
    if (!report) return this.settle(job.id, { reason: `there is no report "${job.report}"` })
    const started = await this.send(startReport, 'start-report', job.id, {})
    if (started.kind === 'rejected') return
    const { rows, position } = await this.snapshot(report, job)
    if (rows.length > ROWS_MAX) return this.settle(job.id, { reason: `more than ${ROWS_MAX} rows` })
    const result = report.compute(
      rows.map(({ row }) => row),
      job.params,
    )
    for (const [format, { mediaType, render }] of Object.entries(report.formats))
      await this.options.results.put({ job: job.id, format, mediaType, body: render(result, position), position })
    await this.settle(job.id, { position: position.toString(), formats: Object.keys(report.formats) })
  }

  /** The end of a job that failed every attempt. */
  async fail(id: string, reason: string): Promise<void> {
    await this.settle(id, { reason })
  }

  private async snapshot(report: Report, job: ReportJob): Promise<Snapshot> {
    const table = this.options.tables.find((each) => each.projection === report.projection)
    if (!table) throw new Error(`report "${report.name}" has no table`)
    const where = report.where(job.params)
    const resource = { params: Object.keys(where) }
    const statement = collectionSql({ table, resource, within: undefined }, where, {}, ROWS_MAX + 1)
    const freshness = {
      of: table.projection,
      minPosition: BigInt(job.minPosition),
      wait_ms_max: FRESH_MS_MAX,
    }
    return this.options.sources.replica(statement, table.columns, freshness)
  }

  private async settle(id: string, body: object): Promise<void> {
    await this.send(settleReport, 'settle-report', id, body)
  }

  private async send(command: AnyCommand, name: string, target: string, body: object): Promise<CommandOutcome> {
    const outcome = await this.options.handler.execute({
      command,
      name: `reports.${name}`,
      target,
      body,
      key: name,
      metadata: { actor: 'reporter' },
    })
    if (outcome.kind === 'unavailable' || outcome.kind === 'contended') throw new Error(`the log: ${outcome.kind}`)
    return outcome
  }
}
