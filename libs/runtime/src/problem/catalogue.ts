/** The one catalogue of infrastructure problems; domains bring their rejections. docs/errors.md explains each. */
export const PROBLEMS = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'invalid-body': { status: 400, title: 'The body breaks a rule' },
  'invalid-parameter': { status: 400, title: 'A parameter or header breaks a rule' },
  'malformed-request': { status: 400, title: 'The request is not HTTP' },
  'invalid-cursor': { status: 400, title: 'The cursor is not one that this list gave' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This path has other methods' },
  'not-acceptable': { status: 406, title: 'This is not answered in an accepted media type' },
  archived: { status: 410, title: 'What this takes is archived' },
  'revision-mismatch': { status: 412, title: 'The stream has moved on' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not one that is read here' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'key-reused': { status: 422, title: 'The idempotency key was used with another request' },
  'too-many-rows': { status: 422, title: 'The answer would hold too many rows' },
  'too-many-requests': { status: 429, title: 'Slow down' },
  'internal-error': { status: 500, title: 'This is a bug of ours' },
  unavailable: { status: 503, title: 'A part of the system cannot be reached' },
  overloaded: { status: 503, title: 'The system has all the work it can take' },
  contended: { status: 503, title: 'Too many writers want this stream' },
  'not-fresh-enough': { status: 503, title: 'No source is as fresh as asked for yet' },
} as const satisfies Readonly<Record<string, { status: number; title: string }>>

export type ProblemCode = keyof typeof PROBLEMS
