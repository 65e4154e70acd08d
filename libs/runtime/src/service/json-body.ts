import { isUtf8 } from 'node:buffer'
import { type FastifyInstance } from 'fastify'
import { Problem } from '../problem/problem.js'

/**
 * The text of bytes that a client sent. A decoder that puts U+FFFD where bytes are broken would alter what is stored, and nobody would know.
 *
 * @throws Problem `malformed-json` for what is not UTF-8 (RFC 8259, 8.1).
 */
export function utf8Of(bytes: Buffer, field: 'body' | 'line'): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const message = `the ${field} is not UTF-8; send JSON that is encoded as UTF-8`
  throw Problem.of('malformed-json', message, { errors: [{ field, rule: 'utf-8', message }] })
}

/** Bodies as Fastify reads them, with its bound and its refusal of keys that reach a prototype, but for broken bytes: these are refused. */
export function readJsonBodies(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error')
  fastify.removeContentTypeParser('application/json')
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) =>
    parse(request, utf8Of(bytes, 'body'), done),
  )
}
