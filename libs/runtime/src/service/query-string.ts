import { parse } from 'node:querystring'
import { type FastifyInstance } from 'fastify'
import { Problem } from '../problem/problem.js'

/** What stands behind a `?`: a parameter that is given several times is a list. */
export type QueryParameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** Never throws: the router has nobody who would catch it. */
export const readQuery = (text: string): QueryParameters => parse(text, '&', '=', { maxKeys: 0 })

/**
 * For what comes another way than a request: read and refused as there.
 *
 * @throws Problem `invalid-parameter`
 */
export function parseQuery(text: string): QueryParameters {
  checkEncoding(text)
  return readQuery(text)
}

/** Refuses requests whose query string would be read as something that was not sent. The router does so for paths. */
export function refuseMalformedQueries(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ url }, _reply, done) => {
    const at = url.indexOf('?')
    if (at !== -1) checkEncoding(url.slice(at + 1))
    done()
  })
}

function checkEncoding(text: string): void {
  try {
    if (text.includes('%')) decodeURIComponent(text)
  } catch {
    const message = 'the query string is not percent-encoded UTF-8; a "%" that means itself is written %25'
    throw Problem.of('invalid-parameter', message, { errors: [{ field: 'query', rule: 'percent-encoding', message }] })
  }
}
