import { type FastifyRequest } from 'fastify'
import { type EventMetadata } from '#domain-kit'
import { contextOf, type Principal } from '#runtime'

type Metadata = { -readonly [K in keyof EventMetadata]: EventMetadata[K] }

/** What an event will say about the request that led to it. */
export function metadataOf(request: FastifyRequest, principal: Principal): EventMetadata {
  const context = contextOf(request)
  const metadata: Metadata = { actor: principal.subject }
  if (context?.correlationId !== undefined) metadata.correlationId = context.correlationId
  if (context?.causationId !== undefined) metadata.causationId = context.causationId
  if (context?.traceparent !== undefined) metadata.traceparent = context.traceparent
  return metadata
}

/** The same for one command: when its sender names no cause, the command itself is the cause of its events. */
export function causedBy(key: string, metadata: EventMetadata): EventMetadata {
  return metadata.causationId === undefined ? { ...metadata, causationId: key } : metadata
}

/** A header that was sent once; undefined when it was not sent. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
