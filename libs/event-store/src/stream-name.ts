import { InvalidStreamName } from './port.js'

/** How a stream's name begins: with its aggregate's, as `aggregate` of the domain kit takes it. Source of a regular expression. */
export const STREAM_BEGIN = '[a-z][a-z0-9_]{0,30}-'
const NAMED = new RegExp(`^${STREAM_BEGIN}`)

/** @throws InvalidStreamName for a name of which no reader could tell the aggregate, or that Postgres cannot store. */
export function checkStreamName(stream: string): void {
  if (!NAMED.test(stream))
    throw new InvalidStreamName(stream, 'it begins with an aggregate, 1-31 of [a-z0-9_], and a hyphen')
  if (stream.includes('\0')) throw new InvalidStreamName(stream, 'it holds no NUL')
}
