import { type Type } from '@nestjs/common'
import { forwardedRoute } from '#http-api'

/** `POST /v1/reports/{name}`: asking for a report is a command; whoever asks here is answered all the same. */
export function reportRequests(origin: string): Type {
  return forwardedRoute({ origin, prefix: '/v1/reports', route: 'POST /{name}', scope: 'read', name: 'ReportRequests' })
}
