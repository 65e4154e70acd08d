import { randomUUID } from 'node:crypto'
import { type CommandHandler, type CommandOutcome } from '#commands'
import { type AnyCommand, type Domain, qualifiedName, type Report, ROWS_MAX } from '#domain-kit'
import { checkpointsIn, collectionSql, FRESH_MS_MAX, type ReadTable, type Snapshot, type Sources } from '#read-models'
import { reports, settleReport, startReport } from '#reports'
import { Problem } from '#runtime'
import { type ResultStore } from './result-store.js'

/** A job as the queue carries it. */
export interface ReportJob {
  readonly id: string
  readonly report: string
  readonly params: object
  /** The result must reflect at least this position: where the request itself stands, behind all that an answer told before. */
  readonly minPosition: string
  /** A position that was asked for, and that no answer can have told by then. */
  readonly ahead?: string
}

export interface RunnerOptions {
  readonly domains: readonly Domain[]
  readonly tables: readonly ReadTable[]
  readonly handler: CommandHandler
  readonly sources: Sources
  readonly results: ResultStore
}

/** Keys of clients have no space in front: nobody outside can take one of these in the job's stream. */
const SETTLE_KEY = ' settle-report'

/** The job can be done, but not now: a replica is behind, or something is away. It is no attempt of the job's. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
}

/**
 * Computes one report from one snapshot of a replica. Safe to run twice, also at the same time: results of different snapshots stand beside
 * each other, and settling, which happens once, says which of them counts.
 */
export class ReportRunner {
  constructor(private readonly options: RunnerOptions) {}

  /** @throws when it may succeed later, and the queue tries again; {@link NotYet} when that is no fault of the job. */
  async run(job: ReportJob): Promise<void> {
    const report = this.options.domains.flatMap((domain) => domain.reports).find(({ name }) => name === job.report)
    if (!report) return this.settle(job.id, { reason: `there is no report "${job.report}"` })
    if (job.ahead !== undefined)
      return this.settle(job.id, {
        reason: `position ${job.ahead} was beyond the end of the log when it was asked for`,
      })
    // A key of this run: under a common one a job that is settled would answer that it was started before.
    const started = await this.send(startReport, ` start-report/${randomUUID()}`, job.id, {})
    if (started.kind === 'rejected') return
    const { rows, position } = await this.snapshot(report, job)
    if (rows.length > ROWS_MAX) return this.settle(job.id, { reason: `more than ${ROWS_MAX} rows` })
    const result = report.compute(
      rows.map(({ row }) => row),
      job.params,
    )
    for (const [format, { mediaType, render }] of Object.entries(report.formats))
      await orNotYet(
        this.options.results.put({ job: job.id, format, mediaType, body: render(result, position), position }),
      )
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
    const readable = { table, resource: { params: Object.keys(where) }, within: undefined }
    const statement = collectionSql(readable, where, {}, ROWS_MAX + 1)
    const freshness = {
      of: checkpointsIn(readable, where),
      minPosition: BigInt(job.minPosition),
      // Not longer: others want the place, and a planned stop waits for it.
      wait_ms_max: FRESH_MS_MAX,
    }
    return orNotYet(this.options.sources.replica(statement, table.columns, freshness))
  }

  private async settle(id: string, body: object): Promise<void> {
    await this.send(settleReport, SETTLE_KEY, id, body)
  }

  /** @returns what is known for good; `key-reused` says that another run has settled the job. */
  private async send(command: AnyCommand, key: string, target: string, body: object): Promise<CommandOutcome> {
    const outcome = await this.options.handler.execute({
      command,
      name: qualifiedName(reports, command),
      target,
      body,
      key,
      metadata: { actor: 'reporter' },
    })
    switch (outcome.kind) {
      case 'accepted':
      case 'rejected':
      case 'key-reused':
        return outcome
      case 'unavailable':
      case 'contended':
        throw new NotYet(`the log: ${outcome.kind}`)
      case 'beyond-limit':
        throw new Error(`the log does not take it: ${outcome.limit} is ${outcome.actual}`)
      case 'archived':
        throw new Error(outcome.reason)
      case 'revision-mismatch':
        throw new Error('a command without If-Match cannot meet the wrong revision')
    }
  }
}

/** @throws NotYet when what answers is away, or behind; else what it says. */
async function orNotYet<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Problem && error.status === 503) throw new NotYet(error.detail, { cause: error })
    throw error
  }
}
