import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { checkParam } from '#http-api'
import { Reader, ResourceCatalogue, Sources } from '#read-models'
import { Caller, type Principal, Problem, RequireScope } from '#runtime'
import { readResource } from '../read-resource.js'
import { minPositionOf } from './min-position.js'

/** In: job, format, position. Out: the result of that snapshot, if it has replicated. Locks nothing. */
const RESULT_SQL =
  'select media_type, body, position from headwater.report_results where job = $1 and format = $2 and position = $3'

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
    const { data } = await readResource(this.reader, named, { filter: {} }, minPositionOf(request), principal)
    // Other runs may have left results of other snapshots; null while the job is not done.
    const { computedAt } = data as { readonly computedAt: string | null }
    const format = /^result\.([a-z0-9]{1,20})$/.exec(file)?.[1]
    const row = format === undefined ? undefined : (await this.sources.rows(RESULT_SQL, [id, format, computedAt]))[0]
    if (!row) throw Problem.of('not-found', `job "${id}" has no result "${file.slice(0, 60)}" (yet)`)
    await reply
      .header('content-type', row['media_type'])
      .header('headwater-position', String(row['position']))
      .header('content-disposition', `inline; filename="${id}.${format ?? 'txt'}"`)
      .send(row['body'])
  }
}
