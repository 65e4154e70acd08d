import { type Type } from '@nestjs/common'
import { controllerFor, headerOf, parsePosition } from '#http-api'
import { type ReadableResource, type Reading } from '#read-models'
import { authorized, checkQuery } from '../query-input.js'
import { readResource } from '../read-resource.js'

/** The REST route of one declared resource. */
export function queryRoute(readable: ReadableResource, reader: Reading): Type {
  const { domain, resource } = readable
  return controllerFor({
    prefix: domain.prefix,
    route: resource.route,
    scope: 'read',
    name: `${domain.name}.${resource.name}`,
    handle: async (request, reply, principal) => {
      const named = authorized(readable, request.params as Record<string, string>, principal)
      const query = checkQuery(readable, request.query as Record<string, unknown>)
      const token = headerOf(request, 'headwater-min-position')
      const minPosition = token === undefined ? 0n : parsePosition('Headwater-Min-Position', token)
      const { position, source, replica, etag, data } = await readResource(reader, named, query, minPosition, principal)
      void reply
        .header('headwater-position', position.toString())
        .header('headwater-source', source)
        .header('etag', etag)
        .header('cache-control', 'no-cache')
      if (replica !== undefined) void reply.header('headwater-replica', replica)
      if (matches(headerOf(request, 'if-none-match'), etag)) void reply.status(304).send()
      else void reply.status(200).send(data)
    },
  })
}

/** Weak comparison (RFC 9110, 8.8.3.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((each) => opaque(each) === opaque(etag))
}
