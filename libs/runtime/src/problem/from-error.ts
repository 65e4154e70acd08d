import { HttpException } from '@nestjs/common'
import { Problem } from './problem.js'

const FASTIFY: Readonly<Record<string, (message: string) => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => Problem.of('body-too-large', 'a body is at most 1 MiB'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    Problem.of('unsupported-media-type', 'send a JSON body with content-type application/json'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: (message) => Problem.of('malformed-json', message),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => Problem.of('malformed-json', 'the body is empty; send a JSON object'),
  FST_ERR_CTP_INVALID_JSON_BODY: (message) => Problem.of('malformed-json', message),
  FST_ERR_BAD_URL: () => Problem.of('invalid-parameter', 'the path is not percent-encoded UTF-8'),
  FST_ERR_MAX_PARAM_LENGTH: () => Problem.of('invalid-parameter', 'a path segment is too long'),
}

interface Coded {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly message: string
}

/** Translates what Nest and Fastify throw, once. Undefined for an error that no client can have caused: a bug. */
export function problemFrom(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (error instanceof SyntaxError && 'statusCode' in error) return Problem.of('malformed-json', error.message)
  if (error instanceof Error) {
    const { code, statusCode, message } = error as Coded
    const known = typeof code === 'string' ? FASTIFY[code] : undefined
    if (known) return known(message)
    if (error instanceof HttpException) return fromStatus(error.getStatus(), error.message)
    if (typeof statusCode === 'number') return fromStatus(statusCode, message)
  }
  return undefined
}

function fromStatus(status: number, message: string): Problem | undefined {
  if (status === 404) return Problem.of('not-found', 'no resource has this path')
  if (status === 405) return Problem.of('method-not-allowed', message)
  if (status === 413) return Problem.of('body-too-large', message)
  if (status === 414 || status === 431) return Problem.of('invalid-parameter', message)
  if (status === 415) return Problem.of('unsupported-media-type', message)
  if (status >= 400 && status < 500) return Problem.of('malformed-json', message)
  return undefined
}
