import { type CollectionResource, filterFault, type ListResource, pathFault } from '#domain-kit'
import { checkId, checkParam, validateDto } from '#http-api'
import { type Condition, type ListQuery, type NamedResource, type ReadableResource, type Sort } from '#read-models'
import { inBrief, mayTouch, type Principal, Problem } from '#runtime'
import { parseAt } from './at.js'
import { invalidParameter } from './invalid-parameter.js'

export const LIMIT_DEFAULT = 50
const LIMIT_MAX = 1_000
/** An export is no page: its limit only cuts it off. */
const EXPORT_LIMIT_MAX = 100_000_000

/** What a query asks of a resource beyond its path. */
export interface Query extends ListQuery {
  /** Validated against the collection's query class. */
  readonly filter: object
}

type Given = Readonly<Record<string, unknown>>

/**
 * What a request may ask of this resource.
 *
 * @param isExport `limit` may be larger, and means everything when it is left out
 * @throws Problem `invalid-parameter` for what the resource does not take.
 */
export function checkQuery({ resource }: ReadableResource, given: Given, isExport = false): Query {
  const { at, ...query } = given
  if (at !== undefined && !resource.history)
    throw invalidParameter('at', 'unknown-field', 'is not a parameter here: this resource keeps no earlier states')
  const when = { at: at === undefined ? undefined : parseAt(once('at', at)) }
  switch (resource.kind) {
    case 'document':
      refuseOthers(query, [])
      return { ...when, filter: {} }
    case 'collection':
      return { ...when, filter: collectionQuery(resource, query) }
    case 'list':
      return { ...when, ...listQuery(resource, query, isExport), filter: {} }
  }
}

function collectionQuery({ query: dto }: CollectionResource, query: Given): object {
  if (dto) return validateDto(dto, { ...query }, 'query')
  refuseOthers(query, [])
  return {}
}

function listQuery(resource: ListResource, query: Given, isExport: boolean): Omit<Query, 'filter' | 'at'> {
  const { filters } = resource
  const { limit, cursor, sort } = query
  const known = ['limit', 'cursor', ...(resource.sort.length > 0 ? ['sort'] : []), ...Object.keys(filters)]
  refuseOthers(query, known)
  const where = Object.entries(filters).flatMap(([name, filter]): Condition[] => {
    const value = query[name]
    if (value === undefined) return []
    const text = once(name, value)
    if (text !== '') checkParam(name, text)
    const fault = filterFault(filter, text)
    if (fault !== undefined) throw invalidParameter(name, filter.rule, fault)
    return [{ filter, value: text }]
  })
  return {
    limit: limitOf(limit, isExport),
    cursor: cursor === undefined ? undefined : once('cursor', cursor),
    where,
    sort: sort === undefined ? undefined : sortOf(resource, once('sort', sort)),
  }
}

function refuseOthers(query: Given, known: readonly string[]): void {
  const unknown = Object.keys(query).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const others = known.length > 0 ? `; it takes ${known.join(', ')}` : ''
  throw invalidParameter(inBrief(unknown), 'unknown-field', `is not a parameter here${others}`)
}

function once(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidParameter(name, 'once', 'must be given once')
  return value
}

function limitOf(limit: unknown, isExport: boolean): number | undefined {
  if (limit === undefined) return isExport ? undefined : LIMIT_DEFAULT
  const max = isExport ? EXPORT_LIMIT_MAX : LIMIT_MAX
  if (typeof limit !== 'string' || !/^\d{1,9}$/.test(limit) || +limit < 1 || +limit > max)
    throw invalidParameter('limit', 'range', `must be an integer from 1 to ${max}`)
  return +limit
}

function sortOf({ sort }: ListResource, value: string): Sort {
  const isDescending = value.startsWith('-')
  const column = isDescending ? value.slice(1) : value
  if (sort.includes(column)) return { column, isDescending }
  const known = sort.flatMap((each) => [each, `-${each}`])
  throw invalidParameter('sort', 'sort', `must be ${known.join(' or ')}; without it the newest comes first`)
}

/**
 * Whoever watches a list is told of each new item in log order, and of each state as it is now: a list that is narrowed, in another
 * order, of long ago or without its newest items has no such stream. What a collection's query says is applied to each new state.
 *
 * @throws Problem `invalid-parameter` naming what cannot be watched.
 */
export function checkWatchable({ resource }: ReadableResource, { where = [], sort, at, cursor }: Query): void {
  const refuse = (field: string): never => {
    throw invalidParameter(field, 'live', 'cannot be watched; subscribe without it, or GET the resource with it')
  }
  if (at) refuse('at')
  if (sort) refuse('sort')
  if (cursor !== undefined) refuse('cursor')
  const [first] = where
  if (first && resource.kind === 'list')
    refuse(Object.entries(resource.filters).find(([, filter]) => filter === first.filter)?.[0] ?? 'filter')
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
  const { of } = readable.table.projection
  const { name } = of
  const params: Record<string, string> = {}
  for (const [param, value] of Object.entries(given)) params[param] = checkPath(readable, param, value)
  const id = params[name]
  if (id !== undefined) {
    checkId(of, id)
    if (!mayTouch(principal, name, id)) throw Problem.of('forbidden', `the token does not cover ${name} "${id}"`)
    return { readable, params }
  }
  const ids = principal.idsOf(name)
  if (!ids) return { readable, params }
  if (!readable.table.names.includes(name)) throw Problem.of('forbidden', `the token covers some ${name}s only`)
  return { readable, params, only: { column: name, values: ids } }
}

function checkPath({ table, within }: ReadableResource, param: string, given: string): string {
  const value = checkParam(param, given)
  for (const column of [table.columns[param], within?.table.columns[param]]) {
    const fault = column && pathFault(column, value)
    if (column && fault !== undefined) throw invalidParameter(param, column.type, fault)
  }
  return value
}
