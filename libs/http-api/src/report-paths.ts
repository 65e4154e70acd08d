import { type JsonSchema, problemResponses } from '#http-api'

const CODES = [
  'malformed-json',
  'invalid-body',
  'invalid-parameter',
  'unauthorized',
  'forbidden',
  'not-found',
  'body-too-large',
  'unsupported-media-type',
  'key-reused',
  'internal-error',
  'unavailable',
  'overloaded',
  'contended',
] as const

/** `POST /v1/reports/{name}` in OpenAPI: it is no declared command. */
export function reportPaths(names: readonly string[]): Readonly<Record<string, JsonSchema>> {
  return {
    '/v1/reports/{name}': {
      post: {
        operationId: 'reports.request',
        summary: 'Have a report computed; Location names the job, which can be read and watched',
        tags: ['reports'],
        parameters: [
          { name: 'name', in: 'path', required: true, schema: { type: 'string', enum: names } },
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
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Accepted' } } },
          },
          ...problemResponses(CODES),
        },
      },
    },
  }
}
