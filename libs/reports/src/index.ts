import { domain } from '#domain-kit'
import { jobs, reportJob } from './read/jobs.js'

export { requestReport } from './commands/request-report.js'
export { settleReport, startReport } from './commands/settle-report.js'
export { job, type ReportRequest } from './job.js'
export { jobs } from './read/jobs.js'

/** Report jobs as streams. Its commands are sent by the apps, none of them is a route: see command-api and reporter. */
export const reports = domain('reports', { commands: [], resources: [reportJob], projections: [jobs] })
