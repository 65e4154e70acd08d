/** What the mesh needs of a logger; pino's shape. Fields first, so that they stay searchable. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const nothing = (): void => undefined

/** The default: a library does not print unless it is given somewhere to print to. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
