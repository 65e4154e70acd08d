import { createLogger, type Logger } from '#runtime'

/** For what wants a logger in a test: nothing is printed. */
export function silentLogger(): Logger {
  return createLogger({ role: 'test', instance: 'test', level: 'silent' })
}
