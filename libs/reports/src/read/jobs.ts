import { document, json, type Json, projection, text } from '#domain-kit'
import { job } from '../job.js'

const table = {
  id: text().key(),
  report: text(),
  state: text(),
  params: json<{ readonly [name: string]: Json }>({}),
  at: text().nullable(),
  computed_at: text().nullable(),
  formats: json<readonly string[]>([]),
  reason: text().nullable(),
  covers_aggregate: text(),
  covers_id: text(),
}

/** One row a job. */
export const jobs = projection('jobs', {
  version: 1,
  of: job,
  table,
  key: (event) => ({ id: event.aggregateId }),
  fold: {
    ReportRequested: (row, { report, params, at, covers }) => ({
      ...row,
      report,
      params,
      at: at ?? null,
      state: 'queued',
      covers_aggregate: covers.aggregate,
      covers_id: covers.id,
    }),
    ReportStarted: (row) => ({ ...row, state: 'running' }),
    ReportFinished: (row, { position, formats }) => ({ ...row, state: 'done', computed_at: position, formats }),
    ReportFailed: (row, { reason }) => ({ ...row, state: 'failed', reason }),
  },
})

/** Where one rendering of a finished job's result is read. */
export const resultPath = (id: string, format: string): string => `/v1/reports/jobs/${id}/result.${format}`

export const reportJob = document(jobs, 'GET /jobs/{id}', {
  summary: 'A report job: its state, and where its results are',
  covers: (row) => ({ aggregate: row.covers_aggregate, id: row.covers_id }),
  answer: (row) => ({
    id: row.id,
    name: row.report,
    params: row.params,
    state: row.state,
    progress: row.state === 'done' ? 1 : row.state === 'running' ? 0.5 : 0,
    computedAt: row.computed_at,
    results: row.formats.map((format) => ({ format, url: resultPath(row.id, format) })),
    ...(row.reason === null ? {} : { reason: row.reason }),
  }),
})
