import { createHash, randomUUID } from 'node:crypto'
import { Body, Controller, Inject, Param, Post, Req, Res } from '@nestjs/common'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { CommandHandler } from '#commands'
import { type Domain, type Json, qualifiedName, type Report } from '#domain-kit'
import { type EventStore, StoreUnavailable } from '#event-store'
import { causedBy, checkKey, headerOf, metadataOf, parsePosition, validateDto } from '#http-api'
import { requestReport, reports } from '#reports'
import { Caller, inBrief, mayTouch, type Principal, Problem, RequireScope } from '#runtime'
import { answer } from './answer.js'

export const REPORTS = Symbol('reports')
/** Tells where the log ends, if that tells what positions answers may have given. */
export const LOG_HEAD = Symbol('log head')

export type LogHead = () => Promise<bigint | undefined>

/** Where positions have gaps, answers give some that are beyond the last event: so far others' events have been passed over. */
export function headOf(store: Pick<EventStore, 'capabilities' | 'head'>): LogHead {
  return () => (store.capabilities.gapFreePositions ? store.head() : Promise.resolve(undefined))
}

export function reportsOf(domains: readonly Domain[]): ReadonlyMap<string, Report> {
  return new Map(domains.flatMap((domain) => domain.reports.map((report) => [report.name, report] as const)))
}

/** `POST /v1/reports/{name}`: the job's id is new, or made of the idempotency key, so that a retry finds its job. */
@Controller()
export class ReportController {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(REPORTS) private readonly known: ReadonlyMap<string, Report>,
    @Inject(LOG_HEAD) private readonly head: LogHead,
  ) {}

  @Post('/v1/reports/:name')
  @RequireScope('read')
  async request(
    @Param('name') name: string,
    @Body() sent: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Caller() principal: Principal,
  ): Promise<void> {
    const report = this.known.get(name)
    if (!report) throw Problem.of('not-found', `there is no report ${JSON.stringify(inBrief(name))}`)
    const { params, at } = fieldsOf(sent)
    const checked = validateDto(report.params, params, 'body')
    const covers = report.target(checked)
    if (!mayTouch(principal, covers.aggregate, covers.id))
      throw Problem.of('forbidden', `the token does not cover ${covers.aggregate} "${inBrief(covers.id)}"`)
    const given = headerOf(request, 'idempotency-key')
    const key = given === undefined ? randomUUID() : checkKey('Idempotency-Key', given)
    const target = given === undefined ? randomUUID() : idOf(principal.subject, key)
    const body = {
      report: name,
      params: checked as { readonly [name: string]: Json },
      covers,
      ...(at === undefined ? {} : { at: (await this.toldBefore(at)).toString() }),
    }
    const outcome = await this.handler.execute({
      command: requestReport,
      name: qualifiedName(reports, requestReport),
      target,
      body,
      key,
      metadata: causedBy(key, metadataOf(request, principal)),
    })
    const accepted = answer(reports, requestReport, outcome)
    const location = `/v1/reports/jobs/${target}`
    await reply
      .status(202)
      .headers({ location, 'headwater-position': accepted.position })
      .headers(accepted.replayed ? { 'headwater-replayed': 'true' } : {})
      .send({ id: target, ...accepted.body })
  }

  /** A position in the log. @throws Problem for one that no answer can have told: nobody knows when the log comes there. */
  private async toldBefore(at: unknown): Promise<bigint> {
    const position = parsePosition('at', at)
    const head = await this.head().catch((error: unknown) => {
      if (error instanceof StoreUnavailable) throw Problem.of('unavailable', error.message)
      throw error
    })
    if (head === undefined || position <= head) return position
    const message = `at is beyond the end of the log, which is at position ${head}; use a position that an answer gave`
    throw Problem.of('invalid-parameter', message, { errors: [{ field: 'at', rule: 'log-end', message }] })
  }
}

function idOf(subject: string, key: string): string {
  return createHash('sha256').update(`${subject}\0${key}`).digest('hex').slice(0, 32)
}

function fieldsOf(sent: unknown): { readonly params: unknown; readonly at: unknown } {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
    throw Problem.of('invalid-body', 'the body must be a JSON object with "params" and an optional "at"')
  const { params, at, ...rest } = sent as Readonly<Record<string, unknown>>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw Problem.of('invalid-body', `${inBrief(unknown)} is not a field that is read here`, {
      errors: [{ field: inBrief(unknown), rule: 'unknown-field', message: 'not a field that is read here' }],
    })
  return { params, at }
}
