import { type FastifyRequest } from 'fastify'
import { type EventMetadata } from '#domain-kit'
import { currentContext, type Principal } from '#runtime'

/** What an event will say about the request that led to it. */
export function metadataOf(principal: Principal): EventMetadata {
  const { correlationId, traceparent } = currentContext() ?? {}
  return {
    actor: principal.subject,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}

/** A header that was sent once; undefined when it was not sent. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
