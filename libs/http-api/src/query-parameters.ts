import { type Filter, type Resource, SEARCH_LENGTH_MAX } from '#domain-kit'
import { type JsonSchema } from './schemas.js'

type Parameter = (name: string, where: 'query', description: string, more?: JsonSchema) => JsonSchema

const RULES: Readonly<Record<Filter['rule'], (filter: Filter) => string>> = {
  exact: ({ column }) => `Only items whose ${column} is this`,
  from: ({ column }) => `Only items whose ${column} is this or later`,
  to: ({ column }) => `Only items whose ${column} is this or earlier`,
  prefix: ({ column }) => `Only items whose ${column} begins so, compared exactly`,
  contains: ({ column }) => `Only items whose ${column} holds this, compared exactly`,
  some: ({ column, field = '' }) => `Only items that have this ${field} among their ${column}`,
}

function schemaOf({ rule, value }: Filter): JsonSchema {
  if (rule === 'prefix' || rule === 'contains') return { type: 'string', minLength: 1, maxLength: SEARCH_LENGTH_MAX }
  switch (value) {
    case 'text':
      return { type: 'string', maxLength: 512 }
    case 'day':
      return { type: 'string', format: 'date' }
    case 'integer':
      return { type: 'string', pattern: '^-?\\d{1,18}$' }
    case 'flag':
      return { type: 'string', enum: ['true', 'false'] }
  }
}

/** What a resource takes behind the `?`, as OpenAPI parameters. `properties` are those of its query class. */
export function queryParameters(
  resource: Resource,
  properties: Readonly<Record<string, JsonSchema>>,
  parameter: Parameter,
): readonly JsonSchema[] {
  const own = Object.entries(properties).map(([name, schema]) => parameter(name, 'query', '', { schema }))
  const at = resource.history
    ? [parameter('at', 'query', 'The state at this position, or after the last event at or before this ISO 8601 time')]
    : []
  if (resource.kind !== 'list') return [...own, ...at]
  const orders = resource.sort.flatMap((column) => [column, `-${column}`])
  return [
    parameter('limit', 'query', 'Items a page, 1 to 1,000; of an export, all when it is left out', {
      schema: { type: 'integer', default: 50 },
    }),
    parameter('cursor', 'query', 'The `next` of the page before'),
    ...Object.entries(resource.filters).map(([name, filter]) =>
      parameter(name, 'query', RULES[filter.rule](filter), { schema: schemaOf(filter) }),
    ),
    ...(orders.length > 0
      ? [
          parameter('sort', 'query', 'Log order, newest first, when it is left out; `-`: the greatest first', {
            schema: { type: 'string', enum: orders },
          }),
        ]
      : []),
    ...at,
  ]
}

/** Media types of an answer beside JSON: of what is made of lines. */
export function exportContent(resource: Resource): Readonly<Record<string, JsonSchema>> {
  if (resource.kind === 'document' || (resource.kind === 'collection' && !resource.export)) return {}
  const schema = { type: 'string' }
  return { 'text/csv': { schema }, 'application/x-ndjson': { schema } }
}
