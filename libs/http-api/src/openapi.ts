import { type AnyCommand, type Domain, type DtoClass, parseRoute, qualifiedName, type Resource } from '#domain-kit'
import { type ProblemCode, PROBLEMS } from '#runtime'
import { answerSchema } from './answer-schema.js'
import { exportContent, queryParameters } from './query-parameters.js'
import { dtoSchemas, type JsonSchema, referred, schemaRef } from './schemas.js'

type Operation = Readonly<Record<string, unknown>>
type Schemas = Readonly<Record<string, JsonSchema>>
interface ObjectSchema {
  readonly properties?: Schemas
  readonly required?: readonly string[]
}
export type OpenApiDocument = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const header = (description: string, schema: JsonSchema = text): JsonSchema => ({ description, schema })
const position = header('Position of the log that the answer reflects')
/** On every answer, whatever its status. */
const correlation = { 'X-Correlation-Id': header('As sent, or a new one: what logs and events of this request carry') }

function parameter(
  name: string,
  where: 'path' | 'query' | 'header',
  description: string,
  more: JsonSchema = {},
): JsonSchema {
  return { name, in: where, required: where === 'path', description, schema: text, ...more }
}

const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }

/** Problems of one route by status, with the headers that they carry: infrastructure codes, then the domain's. */
export function problemResponses(
  codes: readonly ProblemCode[],
  rejections: Readonly<Record<string, number>> = {},
): Record<string, JsonSchema> {
  const byStatus = new Map<number, string[]>()
  const add = (status: number, code: string): void => void byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  for (const code of codes) add(PROBLEMS[code].status, code)
  for (const [code, status] of Object.entries(rejections)) add(status, code)
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      {
        description: names.join(', '),
        content: problemContent,
        headers: {
          ...correlation,
          ...(status === 503 || status === 429 ? { 'Retry-After': header('Seconds to wait') } : {}),
          ...(status === 401 ? { 'WWW-Authenticate': header('What is wrong with the token') } : {}),
        },
      },
    ]),
  )
}

const COMMAND_CODES: readonly ProblemCode[] = [
  'malformed-json',
  'invalid-body',
  'invalid-parameter',
  'unauthorized',
  'forbidden',
  'archived',
  'revision-mismatch',
  'body-too-large',
  'unsupported-media-type',
  'key-reused',
  'internal-error',
  'unavailable',
  'overloaded',
  'contended',
]
const QUERY_CODES: readonly ProblemCode[] = [
  'invalid-parameter',
  'unauthorized',
  'forbidden',
  'not-acceptable',
  'internal-error',
  'unavailable',
  'overloaded',
  'not-fresh-enough',
]

/** Without the fields that are in the path; no body where none is left. */
function bodyOf({ body, example }: AnyCommand, params: readonly string[], schemas: Schemas): Operation {
  const { properties = {}, required = [], ...schema } = (schemas[body.name] ?? {}) as ObjectSchema
  const isInBody = (name: string): boolean => !params.includes(name)
  const without = (fields: object): object =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => isInBody(name)))
  const names = Object.keys(properties)
  if (names.length > 0 && !names.some(isInBody)) return {}
  const needed = required.filter(isInBody)
  const rest = { ...schema, properties: without(properties), ...(needed.length > 0 ? { required: needed } : {}) }
  const content = {
    schema: names.every(isInBody) ? schemaRef(body) : rest,
    ...(example ? { example: without(example) } : {}),
  }
  return { requestBody: { content: { 'application/json': content } } }
}

function commandOperation(domain: Domain, command: AnyCommand, schemas: Schemas): Operation {
  const { params } = parseRoute(domain.prefix, command.route)
  const example = (command.example ?? {}) as Readonly<Record<string, unknown>>
  return {
    operationId: qualifiedName(domain, command),
    summary: command.summary,
    tags: [domain.name],
    parameters: [
      ...params.map((name) =>
        parameter(
          name,
          'path',
          `percent-encoded ${name}`,
          Object.hasOwn(example, name) ? { example: example[name] } : {},
        ),
      ),
      parameter('Idempotency-Key', 'header', 'Names this command: sent again, it answers the original result'),
      parameter('If-Match', 'header', "The stream's revision that the command was decided upon"),
      parameter('X-Correlation-Id', 'header', 'Travels into logs and event metadata'),
    ],
    ...bodyOf(command, params, schemas),
    responses: {
      [command.status]: {
        description: 'Appended, or appended before',
        headers: {
          ...correlation,
          'Headwater-Position': position,
          'Headwater-Replayed': header('true: this is the original result of an earlier request'),
          ...(command.location ? { Location: header('The resource that the command started') } : {}),
        },
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Accepted' } } },
      },
      ...problemResponses(COMMAND_CODES, command.rejections),
    },
  }
}

function queryOperation(domain: Domain, resource: Resource, schemas: Schemas): Operation {
  const { params } = parseRoute(domain.prefix, resource.route)
  const query = resource.kind === 'collection' && resource.query ? schemas[resource.query.name] : undefined
  const properties = (query?.['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
  const exports = exportContent(resource)
  const codes: readonly ProblemCode[] = [
    ...QUERY_CODES,
    ...(resource.kind === 'list' ? (['invalid-cursor'] as const) : []),
    ...(resource.kind === 'collection' || (resource.kind === 'document' && resource.history)
      ? (['too-many-rows'] as const)
      : []),
    ...(Object.keys(exports).length > 0 ? (['overloaded'] as const) : []),
    ...(params.length > 0 ? (['not-found'] as const) : []),
  ]
  const headers = {
    ...correlation,
    'Headwater-Position': position,
    'Headwater-Source': header('Where it was read', { type: 'string', enum: ['cache', 'replica', 'primary'] }),
    'Headwater-Replica': header('Which replica, as host:port, when it was one'),
    ETag: header('Weak: projection version and revision of the document; not on an export'),
    Vary: header('Accept, Authorization'),
  }
  return {
    operationId: `${domain.name}.${resource.name}`,
    summary: resource.summary,
    description: 'The same path can be watched on socket.io, namespace /live (a list without filters, none with `at`).',
    tags: [domain.name],
    parameters: [
      ...params.map((name) => parameter(name, 'path', `percent-encoded ${name}`)),
      ...queryParameters(resource, properties, parameter),
      parameter('Headwater-Min-Position', 'header', 'The answer must be at least this fresh; waits up to 2 s'),
      parameter('If-None-Match', 'header', 'The ETag of an earlier answer'),
    ],
    responses: {
      200: {
        description: 'The answer and the position it reflects',
        headers,
        content: { 'application/json': { schema: answerSchema(resource) }, ...exports },
      },
      304: { description: 'It is still what If-None-Match names', headers },
      ...problemResponses(codes),
    },
  }
}

const object = (properties: JsonSchema, required: readonly string[]): JsonSchema => ({
  type: 'object',
  properties,
  required,
})

const SHARED: Readonly<Record<string, JsonSchema>> = {
  Accepted: object({ stream: text, revision: text, position: text }, ['stream', 'revision', 'position']),
  Problem: object(
    {
      type: text,
      title: text,
      status: { type: 'integer' },
      code: text,
      detail: text,
      instance: text,
      errors: {
        type: 'array',
        items: object({ field: text, rule: text, message: text }, ['field', 'rule', 'message']),
      },
    },
    ['type', 'title', 'status', 'code', 'detail', 'instance'],
  ),
}

function dtosOf({ commands, resources }: Domain): DtoClass[] {
  return [
    ...commands.map(({ body }) => body),
    ...resources.flatMap((it) => (it.kind === 'collection' && it.query) || []),
  ]
}

export interface OpenApiOptions {
  readonly title: string
  readonly domains: readonly Domain[]
  readonly part: 'commands' | 'queries'
  /** Routes beyond the declared ones, as OpenAPI path items. */
  readonly extra?: Readonly<Record<string, JsonSchema>>
}

/** The OpenAPI page of one API, from the declarations that also make its routes. @throws RangeError for a DTO class that shares its name. */
export function openApi({ title, domains, part, extra = {} }: OpenApiOptions): OpenApiDocument {
  const schemas = dtoSchemas(domains.flatMap(dtosOf), Object.keys(SHARED))
  const paths: Record<string, Record<string, unknown>> = {}
  const put = (domain: Domain, route: string, operation: Operation): void => {
    const { method, path } = parseRoute(domain.prefix, route)
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  for (const domain of domains) {
    if (part === 'commands')
      for (const each of domain.commands) put(domain, each.route, commandOperation(domain, each, schemas))
    else for (const each of domain.resources) put(domain, each.route, queryOperation(domain, each, schemas))
  }
  const all = { ...paths, ...extra }
  return {
    openapi: '3.0.3',
    info: { title, version: '1', description: 'Positions, revisions and amounts are strings. Errors are RFC 9457.' },
    paths: all,
    components: {
      schemas: referred(all, { ...schemas, ...SHARED }),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
    security: [{ bearer: [] }],
  }
}
