import { type Failure, Kind } from '../wire/messages.js'
import { type Logger } from '../logger.js'

interface Coded {
  readonly code?: unknown
  readonly retryable?: unknown
  readonly details?: unknown
}

/** A handler's error as it crosses the link: with its code if it has one, else as `internal` without its message. */
export function asFailure(id: number, error: unknown, logger: Logger): Failure {
  const { code, retryable, details } = (typeof error === 'object' && error !== null ? error : {}) as Coded
  const message = error instanceof Error ? error.message : String(error)
  if (typeof code === 'string') return [Kind.failure, id, code, message, retryable === true, details]
  logger.error({ reason: message, stack: error instanceof Error ? error.stack : undefined }, 'a link handler failed')
  return [Kind.failure, id, 'internal', 'the handler failed; see its log', false, undefined]
}
