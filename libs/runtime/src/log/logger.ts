import { type DestinationStream, type Logger, pino } from 'pino'

export { type Logger } from 'pino'

/** Fields that may hold a secret or what a user wrote; whoever logs an object logs it without them. */
const SECRET_FIELDS = ['authorization', 'cookie', 'token', 'password', 'secret', 'privateKey', 'keyPem', 'data', 'body']
const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** Kept of what stdout does not take because the disk is full, to be written when it does again; what comes beyond that is lost. */
const UNWRITTEN_BYTES_MAX = 4 * 1_048_576

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
    to ?? stdout(),
  )
}

/** Each line is written before the call that logs it returns. A line that cannot be written is no reason to fail. */
function stdout(): DestinationStream {
  const destination = pino.destination({ fd: 1, sync: true, maxLength: UNWRITTEN_BYTES_MAX })
  // Without a listener the error would be thrown at whoever logs.
  destination.on('error', () => undefined)
  // A line that finds no place is not tried at all; without this none would ever be again.
  destination.on('drop', () => destination.write(''))
  // pino flushes after a fatal line, and would wait there, with the whole process, until there is room again.
  destination.flushSync = () => undefined
  return destination
}

/** Text of an error with those that caused it, for one log line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}
