import { type Type } from '@nestjs/common'
import { controllerFor, headerOf } from '#http-api'
import { type ReadableResource } from '#read-models'
import { Problem } from '#runtime'
import { FORMATS, offeredTypes } from '../export/formats.js'
import { type ExportTools, sendExport } from '../export/send-export.js'
import { authorized, checkQuery } from '../query-input.js'
import { readResource } from '../read-resource.js'
import { negotiate } from './accept.js'
import { minPositionOf } from './min-position.js'

/** The REST route of one declared resource. */
export function queryRoute(readable: ReadableResource, tools: ExportTools): Type {
  const { domain, resource } = readable
  const offered = offeredTypes(resource)
  return controllerFor({
    prefix: domain.prefix,
    route: resource.route,
    scope: 'read',
    name: `${domain.name}.${resource.name}`,
    handle: async (request, reply, principal) => {
      // The same URL has other bytes, and other rows, for who accepts or may see others.
      void reply.header('vary', 'accept, authorization')
      const named = authorized(readable, request.params as Record<string, string>, principal)
      const type = negotiate(headerOf(request, 'accept'), offered)
      if (type === undefined) throw Problem.of('not-acceptable', `this is answered as ${offered.join(', ')}`)
      const format = FORMATS.get(type)
      const query = checkQuery(readable, request.query as Record<string, unknown>, format !== undefined)
      const minPosition = minPositionOf(request)
      if (format) {
        const isHead = request.method === 'HEAD'
        return sendExport(tools, reply, { named, query, minPosition, principal, format, isHead })
      }
      const answer = await readResource(tools.reader.for(principal.subject), named, query, minPosition, principal)
      const { position, source, replica, etag, data } = answer
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
