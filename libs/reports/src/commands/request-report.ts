import { Allow, IsObject, IsOptional, IsString, Matches } from 'class-validator'
import { command, type Json } from '#domain-kit'
import { job } from '../job.js'

export class RequestReport {
  @IsString() readonly report!: string
  /** Checked by the report's own class. */
  @IsObject() readonly params!: { readonly [name: string]: Json }
  @IsOptional() @Matches(/^\d{1,19}$/) readonly at?: string
  @Allow() readonly covers!: { readonly aggregate: string; readonly id: string }
}

/** Sent by command-api on `POST /v1/reports/{name}`; a job's id is new, or made of the idempotency key. */
export const requestReport = command(job, 'request-report', {
  body: RequestReport,
  rejections: { 'job-exists': 409 },
  decide: (state, request, { event, reject, target }) =>
    state.state === 'none' ? [event('ReportRequested', request)] : reject('job-exists', `job ${target} exists already`),
})
