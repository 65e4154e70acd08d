import { type LoggedEvent } from '../log/event.js'
import { type streams } from '../proto.js'

/** The server reads the log in pages of this many events, which is its window too when the client names none. */
export const PAGE_EVENTS = 32

export interface Filter {
  matches(event: LoggedEvent): boolean
  /** Events examined at most before a page ends. */
  readonly window: number
  /** Events examined between two checkpoints. */
  readonly checkpointInterval: number
}

/** @throws SyntaxError on a bad expression, Error on a checkpoint interval of 0: the server fails on both. */
export function filterOf(options: streams.ReadReq.Options.FilterOptions | undefined): Filter | undefined {
  if (options === undefined) return undefined
  const byStream = options.getStreamIdentifier()
  const expression = byStream ?? options.getEventType()
  const multiplier = options.getCheckpointintervalmultiplier()
  if (expression === undefined || multiplier === 0) throw new Error('no filter, or no checkpoint interval')
  const prefixes = expression.getPrefixList()
  const regex = expression.getRegex()
  const pattern = new RegExp(regex, 'u')
  const window = options.hasMax() ? options.getMax() : PAGE_EVENTS
  return {
    matches: (event) => {
      const text = byStream === undefined ? event.type : event.stream
      // Without an expression the prefixes count, and none match nothing.
      return regex === '' ? prefixes.some((prefix) => text.startsWith(prefix)) : pattern.test(text)
    },
    window,
    checkpointInterval: window * multiplier,
  }
}
