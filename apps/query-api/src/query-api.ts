import { type Type } from '@nestjs/common'
import { domains } from '#domains'
import { openApi, type OpenApiDocument, reportPaths } from '#http-api'
import { type ResourceCatalogue } from '#read-models'
import { type ExportTools } from './export/send-export.js'
import { queryRoute } from './rest/query-route.js'
import { reportRequests } from './rest/report-requests.js'
import { ReportResultsController } from './rest/report-results.js'

/** All that answers here by REST. @param commandsUrl origin of the command API, which takes requests for reports */
export function controllersOf(
  { resources }: ResourceCatalogue,
  tools: ExportTools,
  commandsUrl: string,
): readonly Type[] {
  return [ReportResultsController, reportRequests(commandsUrl), ...resources.map((each) => queryRoute(each, tools))]
}

/** What `/docs-json` tells of it. */
export function page(): OpenApiDocument {
  return openApi({ title: 'Headwater: queries', domains, part: 'queries', extra: reportPaths(domains) })
}
