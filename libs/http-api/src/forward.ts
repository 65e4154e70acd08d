import { type FastifyReply, type FastifyRequest } from 'fastify'
import { Problem } from '#runtime'

const PASSED_ON = [
  'authorization',
  'content-type',
  'idempotency-key',
  'headwater-min-position',
  'if-none-match',
  'traceparent',
]
const PASSED_BACK = ['content-type', 'content-disposition', 'location', 'etag', 'retry-after', 'www-authenticate']
const TIMEOUT_MS = 15_000

/** Answers a request with what another origin of the product answers: for the few paths that belong to both APIs. */
export function forwardTo(origin: string) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const headers: Record<string, string> = {}
    for (const name of PASSED_ON) {
      const value = request.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    const hasBody = request.body !== undefined && request.body !== null
    const answer = await fetch(new URL(request.url, origin), {
      method: request.method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
    }).catch((error: unknown) => {
      throw Problem.of('unavailable', `the API that answers this cannot be reached: ${String(error)}`)
    })
    for (const [name, value] of answer.headers)
      if (PASSED_BACK.includes(name) || name.startsWith('headwater-')) void reply.header(name, value)
    await reply.status(answer.status).send(Buffer.from(await answer.arrayBuffer()))
  }
}
