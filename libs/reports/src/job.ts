import { aggregate, type Json } from '#domain-kit'

export interface ReportRequest {
  readonly report: string
  readonly params: { readonly [name: string]: Json }
  /** The result must reflect at least this position. */
  readonly at?: string
  /** What a token must cover to see the result. */
  readonly covers: { readonly aggregate: string; readonly id: string }
}

export type JobEvent =
  | { type: 'ReportRequested'; data: ReportRequest }
  | { type: 'ReportStarted'; data: object }
  | { type: 'ReportFinished'; data: { readonly position: string; readonly formats: readonly string[] } }
  | { type: 'ReportFailed'; data: { readonly reason: string } }

interface JobState {
  readonly state: 'none' | 'queued' | 'running' | 'done' | 'failed'
}

const NOTHING: JobState = { state: 'none' }

/** One report being computed: a stream like any other, so that a job can be read, watched and derived again. */
export const job = aggregate<JobEvent>()('job', {
  version: 1,
  initial: NOTHING,
  evolve: {
    ReportRequested: () => ({ state: 'queued' }),
    ReportStarted: () => ({ state: 'running' }),
    ReportFinished: () => ({ state: 'done' }),
    ReportFailed: () => ({ state: 'failed' }),
  },
})
