import { type JsonSchema, problemResponses } from '#http-api'

const text = { type: 'string' }
const line = {
  type: 'object',
  required: ['key', 'command', 'target', 'body'],
  properties: { key: text, command: text, target: text, body: { type: 'object' } },
}
const result = {
  type: 'object',
  required: ['key', 'status'],
  properties: {
    key: { type: 'string', nullable: true },
    status: { type: 'integer' },
    position: text,
    replayed: { type: 'boolean' },
    problem: { $ref: '#/components/schemas/Problem' },
  },
}

/** The bulk endpoint's entry in OpenAPI: it is no declared command. */
export const BULK_PATH: Readonly<Record<string, JsonSchema>> = {
  '/v1/commands': {
    post: {
      operationId: 'commands.bulk',
      summary: 'Many commands, one JSON object a line; one result line each, in order',
      tags: ['bulk'],
      requestBody: { content: { 'application/x-ndjson': { schema: line } } },
      responses: {
        200: {
          description:
            'A line for each command. Where the token expires meanwhile, or a line is too long, a last one without a key says so: nothing after it was read',
          content: { 'application/x-ndjson': { schema: result } },
        },
        ...problemResponses(['unauthorized', 'forbidden', 'unsupported-media-type', 'internal-error', 'unavailable']),
      },
    },
  },
}
