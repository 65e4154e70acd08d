import {
  CancelledError,
  DeadlineExceededError,
  NotLeaderError,
  TimeoutError,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client'
import { NoAnswer } from './within.js'

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
  if (error instanceof UnknownError) return isNotHandled(error) ? 'replace' : 'never'
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
 * A failed discovery, a failed question for features (with gRPC's code 14) and a call on a connection that was ended before it began
 * come as plain errors.
 */
function isPlainConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { message, code } = error as Error & { code?: unknown }
  return code === 14 || message.startsWith('Failed to discover') || message === 'Channel has been shut down'
}

/** `host:port` of the leader, where a follower has named it. */
export function leaderNamedBy(error: unknown): string | undefined {
  return error instanceof NotLeaderError ? `${error.leader.address}:${error.leader.port}` : undefined
}
