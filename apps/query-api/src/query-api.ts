import { type Type } from '@nestjs/common'
import { domains } from '#domains'
import { openApi, type OpenApiDocument, reportPaths } from '#http-api'
import { type ResourceCatalogue, type Sources } from '#read-models'
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

/** Reads for subscriptions at a time: half of what the replicas take, for the rest is for who asks by REST. */
export const liveReadsMax = ({ places }: Pick<Sources, 'places'>): number => Math.max(1, Math.floor(places / 2))

/** What `/docs-json` tells of it. */
export function page(): OpenApiDocument {
  return openApi({ title: 'Headwater: queries', domains, part: 'queries', extra: reportPaths(domains) })
}
