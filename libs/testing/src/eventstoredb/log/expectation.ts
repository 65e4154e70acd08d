import { NO_REVISION } from './event.js'

/** What an append expects of its stream: a revision, -1 for no stream, or a word. */
export type Expectation = 'any' | 'stream_exists' | bigint

const NUMBERS = { any: -2n, stream_exists: -4n } as const

/** The number by which the server's messages name an expectation. */
export const expectationNumber = (expected: Expectation): bigint =>
  typeof expected === 'bigint' ? expected : NUMBERS[expected]

interface StreamExpectation {
  hasAny(): boolean
  hasStreamExists(): boolean
  hasNoStream(): boolean
}

/** @param revision  the field that holds an exact revision; its name differs between the calls. */
export function expectationOf(options: StreamExpectation, revision: string): Expectation {
  if (options.hasAny()) return 'any'
  if (options.hasStreamExists()) return 'stream_exists'
  if (options.hasNoStream()) return NO_REVISION
  return BigInt(revision)
}
