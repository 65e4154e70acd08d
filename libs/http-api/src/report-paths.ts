import { type Domain } from '#domain-kit'
import { problemResponses } from './openapi.js'
import { type JsonSchema } from './schemas.js'

const REQUEST_CODES = [
  'malformed-json',
  'invalid-body',
  'invalid-parameter',
  'unauthorized',
  'forbidden',
  'not-found',
  'archived',
  'body-too-large',
  'unsupported-media-type',
  'key-reused',
  'internal-error',
  'unavailable',
  'overloaded',
  'contended',
] as const

const RESULT_CODES = [
  'invalid-parameter',
  'unauthorized',
  'forbidden',
  'not-found',
  'internal-error',
  'unavailable',
  'overloaded',
  'not-fresh-enough',
] as const

const parameter = (name: string, schema: JsonSchema = { type: 'string' }): JsonSchema => ({
  ...{ name, in: 'path', required: true, schema },
})

const result: JsonSchema = {
  operationId: 'reports.result',
  summary: 'What a finished job computed; the job names the files that it has',
  tags: ['reports'],
  parameters: [parameter('id'), parameter('file', { type: 'string', pattern: '^result\\.[a-z0-9]{1,20}$' })],
  responses: {
    200: {
      description: 'The result, in the format that its name ends with',
      headers: {
        'Headwater-Position': { schema: { type: 'string' } },
        'Content-Disposition': { schema: { type: 'string' } },
      },
      content: { '*/*': { schema: { type: 'string' } } },
    },
    ...problemResponses(RESULT_CODES),
  },
}

/** As every command is answered, and the job's id. */
const accepted: JsonSchema = {
  type: 'object',
  properties: Object.fromEntries(['id', 'stream', 'revision', 'position'].map((name) => [name, { type: 'string' }])),
  required: ['id', 'stream', 'revision', 'position'],
}

/** `POST /v1/reports/{name}` and a job's results in OpenAPI: no domain declares them. Both APIs answer them. */
export function reportPaths(domains: readonly Domain[]): Readonly<Record<string, JsonSchema>> {
  const names = domains.flatMap(({ reports }) => reports.map(({ name }) => name))
  return {
    '/v1/reports/jobs/{id}/{file}': { get: result },
    '/v1/reports/{name}': {
      post: {
        operationId: 'reports.request',
        summary: 'Have a report computed; Location names the job, which can be read and watched',
        tags: ['reports'],
        parameters: [
          parameter('name', { type: 'string', enum: names }),
          { name: 'Idempotency-Key', in: 'header', schema: { type: 'string' }, description: 'Names this request' },
        ],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['params'],
                properties: {
                  params: { type: 'object' },
                  at: {
                    type: 'string',
                    description: 'The result reflects at least this position, which an answer has given',
                  },
                },
              },
            },
          },
        },
        responses: {
          202: {
            description: 'Accepted',
            headers: {
              Location: { schema: { type: 'string' } },
              'Headwater-Position': { schema: { type: 'string' } },
              'Headwater-Replayed': { schema: { type: 'string' } },
            },
            content: { 'application/json': { schema: accepted } },
          },
          ...problemResponses(REQUEST_CODES),
        },
      },
    },
  }
}
