import { parsePosition } from '#http-api'
import { inBrief, parseQuery, Problem, type QueryParameters } from '#runtime'

const RESOURCE_LENGTH_MAX = 4_096

export interface SubscribeRequest {
  /** Percent-encoded, without what stands behind the `?`. */
  readonly path: string
  readonly query: QueryParameters
  readonly after: bigint | undefined
  readonly minPosition: bigint
}

/** @throws Problem `invalid-parameter` */
export function parseSubscribe(payload: unknown): SubscribeRequest {
  if (typeof payload !== 'object' || payload === null) throw invalid('send an object with "resource"')
  const { resource, after, minPosition, ...rest } = payload as Readonly<Record<string, unknown>>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalid(`${inBrief(unknown)} is not a field of subscribe`)
  if (typeof resource !== 'string' || !resource.startsWith('/') || resource.length > RESOURCE_LENGTH_MAX)
    throw invalid('"resource" must be the path of a query')
  if (!isEncoded(resource)) throw invalid('"resource" must be percent-encoded UTF-8')
  const end = resource.includes('?') ? resource.indexOf('?') : resource.length
  return {
    path: resource.slice(0, end),
    query: parseQuery(resource.slice(end + 1)),
    after: after === undefined ? undefined : parsePosition('after', after),
    minPosition: minPosition === undefined ? 0n : parsePosition('minPosition', minPosition),
  }
}

/** What stands for broken bytes must come encoded: as itself it may be another character that was broken on the way. */
function isEncoded(path: string): boolean {
  try {
    return !path.includes('\uFFFD') && decodeURIComponent(path.split('?')[0] ?? '') !== ''
  } catch {
    return false
  }
}

function invalid(message: string): Problem {
  return Problem.of('invalid-parameter', message, { errors: [{ field: 'resource', rule: 'subscribe', message }] })
}
