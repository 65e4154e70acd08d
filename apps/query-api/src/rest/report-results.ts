import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { bigint, text } from '#domain-kit'
import { checkParam } from '#http-api'
import {
  type Answer,
  besideSql,
  checkpointsIn,
  FRESH_MS_MAX,
  type NamedResource,
  Reader,
  ResourceCatalogue,
  Sources,
} from '#read-models'
import { Caller, inBrief, type Principal, Problem, RequireScope } from '#runtime'
import { readResource } from '../read-resource.js'
import { minPositionOf } from './min-position.js'

/** In: job, format, position. Out: the result of that snapshot. Locks nothing. */
const RESULT_SQL = `
select media_type, body, position from headwater.report_results where job = $1 and format = $2 and position = $3`
const RESULT_COLUMNS = { media_type: text(), body: text(), position: bigint() }

/** `GET /v1/reports/jobs/{id}/result.{format}`: what a finished job computed. */
@Controller()
export class ReportResultsController {
  constructor(
    @Inject(Reader) private readonly reader: Reader,
    @Inject(Sources) private readonly sources: Sources,
    @Inject(ResourceCatalogue) private readonly catalogue: ResourceCatalogue,
  ) {}

  @Get('/v1/reports/jobs/:id/:file')
  @RequireScope('read')
  async result(
    @Param('id') id: string,
    @Param('file') file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Caller() principal: Principal,
  ): Promise<void> {
    const named = this.catalogue.find(`/v1/reports/jobs/${encodeURIComponent(checkParam('id', id))}`)
    if (!named) throw Problem.of('not-found', 'reports are not installed')
    // Who may see the job may see its result; a job that is not there answers for itself.
    const reader = this.reader.for(principal.subject)
    const job = await readResource(reader, named, { filter: {} }, minPositionOf(request), principal)
    // Other runs may have left results of other snapshots; null while the job is not done.
    const { computedAt } = job.data as { readonly computedAt: string | null }
    const format = /^result\.([a-z0-9]{1,20})$/.exec(file)?.[1]
    const row =
      computedAt === null || format === undefined ? undefined : await this.read(named, job, [format, computedAt])
    if (!row) throw Problem.of('not-found', `job "${id}" has no result "${inBrief(file)}" (yet)`)
    await reply
      .header('content-type', row['media_type'])
      .header('headwater-position', String(row['position']))
      .header('content-disposition', `inline; filename="${id}.${format ?? 'txt'}"`)
      .send(row['body'])
  }

  /**
   * A result is written before its job is done: a replica that knows the job as it was answered has it, too. The answer may have come from the
   * cache, which a replica that lags is behind.
   */
  private async read(named: NamedResource, { position, changedAt = position }: Answer, which: readonly string[]) {
    const { readable, params } = named
    const statement = besideSql(named, { text: RESULT_SQL, values: [params['id'], ...which] })
    const of = checkpointsIn(readable, params)
    const freshness = { of, minPosition: changedAt, wait_ms_max: FRESH_MS_MAX }
    const { rows } = await this.sources.replica(statement, RESULT_COLUMNS, freshness)
    return rows[0]?.row
  }
}
