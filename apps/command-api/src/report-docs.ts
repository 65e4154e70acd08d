import { type JsonSchema } from '#http-api'

const problem = (description: string): JsonSchema => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

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
                  at: { type: 'string', description: 'The result reflects at least this position' },
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
          400: problem('malformed-json, invalid-body'),
          401: problem('unauthorized'),
          403: problem('forbidden'),
          404: problem('not-found'),
          422: problem('key-reused'),
          503: problem('unavailable, overloaded, contended'),
        },
      },
    },
  }
}
