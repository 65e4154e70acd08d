import { type Type } from '@nestjs/common'
import { type CommandHandler } from '#commands'
import { domains } from '#domains'
import { openApi, type OpenApiDocument, reportPaths } from '#http-api'
import { reports } from '#reports'
import { BulkController } from './bulk-controller.js'
import { BULK_PATH } from './bulk-docs.js'
import { commandRoute } from './command-route.js'
import { ReportController } from './report-controller.js'
import { reportJobs } from './report-jobs.js'

/** All that answers here. @param queriesUrl origin of the query API, which has the jobs of reports */
export function controllersOf(handler: Pick<CommandHandler, 'execute'>, queriesUrl: string): readonly Type[] {
  const routes = domains.flatMap((domain) => domain.commands.map((each) => commandRoute(domain, each, handler)))
  return [BulkController, ReportController, ...reportJobs(queriesUrl), ...routes]
}

/** What `/docs-json` tells of it. */
export function page(): OpenApiDocument {
  const { paths } = openApi({ title: '', domains: [reports], part: 'queries' })
  const extra = { ...BULK_PATH, ...reportPaths(domains), ...(paths as typeof BULK_PATH) }
  return openApi({ title: 'Headwater: commands', domains, part: 'commands', extra })
}
