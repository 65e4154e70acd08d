import { parsePosition } from '#http-api'
import { Problem } from '#runtime'

const RESOURCE_LENGTH_MAX = 4_096

export interface SubscribeRequest {
  readonly resource: string
  readonly after: bigint | undefined
  readonly minPosition: bigint
}

/** @throws Problem `invalid-parameter` */
export function parseSubscribe(payload: unknown): SubscribeRequest {
  if (typeof payload !== 'object' || payload === null) throw invalid('send an object with "resource"')
  const { resource, after, minPosition, ...rest } = payload as Readonly<Record<string, unknown>>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalid(`${unknown.slice(0, 100)} is not a field of subscribe`)
  if (typeof resource !== 'string' || !resource.startsWith('/') || resource.length > RESOURCE_LENGTH_MAX)
    throw invalid('"resource" must be the path of a query')
  return {
    resource,
    after: after === undefined ? undefined : parsePosition('after', after),
    minPosition: minPosition === undefined ? 0n : parsePosition('minPosition', minPosition),
  }
}

function invalid(message: string): Problem {
  return Problem.of('invalid-parameter', message, { errors: [{ field: 'resource', rule: 'subscribe', message }] })
}
