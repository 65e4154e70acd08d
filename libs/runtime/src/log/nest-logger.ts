import { type LoggerService } from '@nestjs/common'
import { type Logger } from './logger.js'

/** What Nest has to say, as lines of this process's log. Its chatter at start is left out: errors and warnings only. */
export function nestLogger(logger: Logger): LoggerService {
  const text = (message: unknown): string => (message instanceof Error ? message.message : String(message))
  return {
    log: () => undefined,
    error: (message: unknown, ...more: unknown[]) => {
      logger.error(
        { from: 'nest', stack: more.find((each) => typeof each === 'string' && each.includes('\n')) },
        text(message),
      )
    },
    warn: (message: unknown) => {
      logger.warn({ from: 'nest' }, text(message))
    },
    fatal: (message: unknown) => {
      logger.fatal({ from: 'nest' }, text(message))
    },
  }
}
