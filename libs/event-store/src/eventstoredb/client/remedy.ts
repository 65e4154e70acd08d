import {
  CancelledError,
  DeadlineExceededError,
  NotLeaderError,
  TimeoutError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client'
import { NoAnswer } from './within.js'

/** Codes of gRPC. */
const status = { UNKNOWN: 2, INTERNAL: 13, UNAVAILABLE: 14 }

/**
 * What helps after an error:
 * - `again` the same call once more, on the same client
 * - `replace` once more, on a new client: this one may remember a failed discovery for ever, or wait on a dead connection
 * - `never` the same call would fail the same way
 */
export type Remedy = 'again' | 'replace' | 'never'

export function remedyOf(error: unknown): Remedy {
  if (error instanceof DeadlineExceededError || error instanceof TimeoutError) return 'again'
  if (error instanceof UnavailableError || error instanceof CancelledError) return 'replace'
  if (error instanceof NotLeaderError || error instanceof NoAnswer) return 'replace'
  if (error instanceof UnknownError) return isNotHandled(error) || isWithoutAnswer(error) ? 'replace' : 'never'
  return isPlainConnectionFailure(error) ? 'replace' : 'never'
}

/**
 * A server that did not take an append for its own state's sake, not for the append's: while it starts, while a leader is
 * elected, under load. In answers to appends this has no type, only these words of the server.
 */
function isNotHandled({ message }: UnknownError): boolean {
  return /Server Is (Not Ready|Busy|Too Busy)|No leader info available/.test(message)
}

/**
 * A call that ended without a status of the server's, which refuses nothing with gRPC's code 13 (INTERNAL): a socket or TLS that failed, a
 * stream that was reset, a proxy between. What was sent may have been done. Only a request that cannot be put into bytes fails so each time.
 */
function isWithoutAnswer(error: UnknownError): boolean {
  const { message } = error
  const code: number | undefined = error.code
  if (code === status.INTERNAL) return !message.includes('Request message serialization failure')
  return code === status.UNKNOWN && /Received HTTP status code|No status information received/.test(message)
}

/**
 * A failed discovery, a failed question for features (with gRPC's code 14) and a call on a connection that was ended before it began
 * come as plain errors.
 */
function isPlainConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { message, code } = error as Error & { code?: unknown }
  return (
    code === status.UNAVAILABLE || message.startsWith('Failed to discover') || message === 'Channel has been shut down'
  )
}

/** `host:port` of the leader, where a follower has named it. */
export function leaderNamedBy(error: unknown): string | undefined {
  return error instanceof NotLeaderError ? `${error.leader.address}:${error.leader.port}` : undefined
}
