import { IsArray, IsOptional, IsString } from 'class-validator'
import { command } from '#domain-kit'
import { job } from '../job.js'

export class StartReport {}

/** Sent by the reporter when it begins; a job that is begun again after a crash stays what it was. */
export const startReport = command(job, 'start-report', {
  body: StartReport,
  rejections: { 'job-settled': 409 },
  decide: (state, _, { event, reject, target }) => {
    if (state.state === 'queued') return [event('ReportStarted', {})]
    return state.state === 'running' ? [] : reject('job-settled', `job ${target} is ${state.state}`)
  },
})

export class SettleReport {
  @IsOptional() @IsString() readonly position?: string
  @IsOptional() @IsArray() readonly formats?: readonly string[]
  @IsOptional() @IsString() readonly reason?: string
}

/** Sent by the reporter at the end: with a position when there is a result, with a reason when there is none. */
export const settleReport = command(job, 'settle-report', {
  body: SettleReport,
  rejections: { 'job-settled': 409 },
  decide: (state, { position, formats = [], reason }, { event, reject, target }) => {
    if (state.state !== 'queued' && state.state !== 'running')
      return reject('job-settled', `job ${target} is ${state.state}`)
    return position === undefined
      ? [event('ReportFailed', { reason: reason ?? 'no reason was given' })]
      : [event('ReportFinished', { position, formats })]
  },
})
