import { type DestinationStream, type Logger, pino } from 'pino'

export { type Logger } from 'pino'

/** Fields that may hold a secret or what a user wrote; whoever logs an object logs it without them. */
const SECRET_FIELDS = ['authorization', 'cookie', 'token', 'password', 'secret', 'privateKey', 'keyPem', 'data', 'body']
const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** JSON lines on stdout (or `to`), each with role and instance. */
export function createLogger(
  options: { role: string; instance: string; level: string },
  to?: DestinationStream,
): Logger {
  const { role, instance, level } = options
  return pino(
    {
      level,
      base: { role, instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '(redacted)' },
      formatters: { level: (label) => ({ level: label }) },
    },
    to ?? pino.destination({ fd: 1, sync: true }),
  )
}

/** Text of an error with those that caused it, for one log line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}
