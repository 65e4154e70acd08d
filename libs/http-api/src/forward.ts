import { type Type } from '@nestjs/common'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { fillPath, parseRoute } from '#domain-kit'
import { contextOf, Problem, type Scope } from '#runtime'
import { controllerFor } from './handler.js'
import { checkParam } from './params.js'
import { checkShape } from './validate.js'

const PASSED_ON = [
  'authorization',
  'content-type',
  'idempotency-key',
  'headwater-min-position',
  'if-none-match',
  'traceparent',
]
const PASSED_BACK = [
  ...['content-type', 'content-disposition', 'location', 'etag', 'cache-control', 'vary'],
  ...['retry-after', 'www-authenticate'],
]
/** Until the answer begins. */
const HEAD_MS_MAX = 15_000

export interface ForwardedRoute {
  /** Of the API that answers. */
  readonly origin: string
  readonly prefix: string
  readonly route: string
  readonly scope: Scope
  /** Class name, for stack traces. */
  readonly name: string
}

/** Answers a route with what another origin of the product answers: for the few that belong to both APIs. The guard of this one asks first. */
export function forwardedRoute({ origin, prefix, route, scope, name }: ForwardedRoute): Type {
  const { path } = parseRoute(prefix, route)
  const handle = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    forward(targetOf(request, origin, path), request, reply)
  return controllerFor({ prefix, route, scope, name, handle })
}

/**
 * Made of the route and its parameters, never of the request target: that may be absolute (RFC 9112, 3.2.2), and as a URL it would be a
 * server of the client's choice. A URL also takes dots for steps, however they were encoded.
 *
 * @throws Problem `invalid-parameter`
 */
function targetOf(request: FastifyRequest, origin: string, path: string): URL {
  const { url } = request
  if (!/^\/(?!\/)/.test(url)) throw Problem.of('invalid-parameter', 'the request target must be a path')
  const params = request.params as Readonly<Record<string, string>>
  for (const [name, value] of Object.entries(params)) checkParam(name, value)
  const filled = fillPath(path, params)
  const target = new URL(filled, origin)
  if (target.pathname !== filled) throw Problem.of('invalid-parameter', 'a path segment must not be "." or ".."')
  if (target.origin !== new URL(origin).origin) throw new Error(`${filled} leads away from ${origin}`)
  const query = url.indexOf('?')
  if (query !== -1) target.search = url.slice(query)
  return target
}

/** What the other origin is told: what the client sent, and the ids under which this request is known here. */
function headersFor(request: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of PASSED_ON) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const { correlationId, causationId } = contextOf(request) ?? {}
  if (correlationId !== undefined) headers['x-correlation-id'] = correlationId
  if (causationId !== undefined) headers['x-causation-id'] = causationId
  return headers
}

/** What the client sent, written down again. @throws Problem `invalid-body` */
function bodyOf({ body }: FastifyRequest): string | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'object') checkShape(body)
  return JSON.stringify(body)
}

/** The answer is passed on as it comes: its reader makes the other origin wait, not the memory grow. */
async function forward(target: URL, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const body = bodyOf(request)
  const ending = new AbortController()
  reply.raw.once('close', () => ending.abort(new Error('nobody waits for it')))
  const timer = setTimeout(() => ending.abort(new Error(`no answer within ${HEAD_MS_MAX} ms`)), HEAD_MS_MAX)
  const answer = await fetch(target, {
    method: request.method,
    headers: headersFor(request),
    redirect: 'manual',
    signal: ending.signal,
    ...(body === undefined ? {} : { body }),
  })
    .catch((error: unknown) => {
      throw Problem.of('unavailable', `the API that answers this cannot be reached: ${String(error)}`)
    })
    .finally(() => clearTimeout(timer))
  for (const [name, value] of answer.headers)
    if (PASSED_BACK.includes(name) || name.startsWith('headwater-')) void reply.header(name, value)
  await reply.status(answer.status).send(answer.body ?? undefined)
}
