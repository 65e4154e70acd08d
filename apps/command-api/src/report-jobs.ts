import { type Type } from '@nestjs/common'
import { forwardedRoute } from '#http-api'

/** `GET /v1/reports/jobs/{id}` and its results: a Location is a path, and must work at the origin that gave it. */
export function reportJobs(origin: string): readonly Type[] {
  const to = { origin, prefix: '/v1/reports', scope: 'read', name: 'ReportJobs' } as const
  return ['GET /jobs/{id}', 'GET /jobs/{id}/{file}'].map((route) => forwardedRoute({ ...to, route }))
}
