import { checkId, checkParam, validateDto } from '#http-api'
import { type NamedResource, type ReadableResource } from '#read-models'
import { mayTouch, type Principal, Problem } from '#runtime'

export const LIMIT_DEFAULT = 50
const LIMIT_MAX = 1_000

/** What a query asks of a resource beyond its path. */
export interface Query {
  readonly limit: number
  readonly cursor: string | undefined
  /** Validated against the collection's query class. */
  readonly filter: object
}

function refuse(field: string, rule: string, message: string): Problem {
  return Problem.of('invalid-parameter', `${field} ${message}`, {
    errors: [{ field, rule, message: `${field} ${message}` }],
  })
}

/** @throws Problem `invalid-parameter` for what the resource does not take. */
export function checkQuery({ resource }: ReadableResource, query: Readonly<Record<string, unknown>>): Query {
  const { limit, cursor, ...rest } =
    resource.kind === 'list' ? query : { ...query, limit: undefined, cursor: undefined }
  const filterClass = resource.kind === 'collection' ? resource.query : undefined
  const [unknown] = Object.keys(resource.kind === 'list' ? rest : query)
  if (!filterClass && unknown !== undefined)
    throw refuse(unknown.slice(0, 100), 'unknown-field', 'is not a parameter here')
  if (
    limit !== undefined &&
    (typeof limit !== 'string' || !/^\d{1,4}$/.test(limit) || +limit < 1 || +limit > LIMIT_MAX)
  )
    throw refuse('limit', 'range', `must be an integer from 1 to ${LIMIT_MAX}`)
  if (cursor !== undefined && typeof cursor !== 'string') throw refuse('cursor', 'once', 'must be given once')
  return {
    limit: limit === undefined ? LIMIT_DEFAULT : Number(limit),
    cursor: cursor,
    filter: filterClass ? validateDto(filterClass, { ...query }, 'query') : {},
  }
}

/**
 * Path parameters checked, and what the token may see of it.
 *
 * @throws Problem `invalid-parameter`, `forbidden`
 */
export function authorized(
  readable: ReadableResource,
  given: Readonly<Record<string, string>>,
  principal: Principal,
): NamedResource {
  const { name } = readable.table.projection.of
  const params: Record<string, string> = {}
  for (const [param, value] of Object.entries(given)) params[param] = checkParam(param, value)
  const id = params[name]
  if (id !== undefined) {
    checkId({ name }, id)
    if (!mayTouch(principal, name, id)) throw Problem.of('forbidden', `the token does not cover ${name} "${id}"`)
    return { readable, params }
  }
  const ids = principal.idsOf(name)
  if (!ids) return { readable, params }
  if (!readable.table.names.includes(name)) throw Problem.of('forbidden', `the token covers some ${name}s only`)
  return { readable, params, only: { column: name, values: ids } }
}
