import { type Failure, Kind } from '../wire/messages.js'
import { type Logger } from '../logger.js'

interface Coded {
  readonly code?: unknown
  readonly retryable?: unknown
  readonly details?: unknown
}

/** For an answer that cannot be sent, too large as it may be. A handler ran: what it did is done, and a refusal would deny that. */
export function unsendable(id: number, error: unknown, logger: Logger): Failure {
  const message = `its answer cannot be sent: ${error instanceof Error ? error.message : String(error)}`
  logger.error({ reason: message }, 'a link handler failed')
  return [Kind.failure, id, 'internal', message, false, undefined]
}

/** A handler's error as it crosses the link: with its code if it has one, else as `internal` without its message. */
export function asFailure(id: number, error: unknown, logger: Logger): Failure {
  const { code, retryable, details } = (typeof error === 'object' && error !== null ? error : {}) as Coded
  const message = error instanceof Error ? error.message : String(error)
  if (typeof code === 'string') return [Kind.failure, id, code, message, retryable === true, details]
  logger.error({ reason: message, stack: error instanceof Error ? error.stack : undefined }, 'a link handler failed')
  return [Kind.failure, id, 'internal', 'the handler failed; see its log', false, undefined]
}
