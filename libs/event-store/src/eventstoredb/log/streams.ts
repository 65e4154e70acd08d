import { type Position, type RegexFilter, streamNameFilter } from '@eventstore/db-client'
import { STREAM_BEGIN } from '../../stream-name.js'
import { isPrefix, PREFIX_RULE } from '../prefix.js'

const OURS = new RegExp(`^${STREAM_BEGIN}`)

/** Events that the server may look at without finding one of ours before it says how far it is. */
const SEARCH_WINDOW = 1_000

/** The streams of this log on a server that holds others too. */
export class StreamNames {
  /**
   * @param prefix before every stream's name on the server; it tells several systems on one server apart.
   * @throws RangeError for one that does not: see {@link PREFIX_RULE}.
   */
  constructor(readonly prefix: string) {
    if (!isPrefix(prefix)) throw new RangeError(`EVENT_STORE_PREFIX=${prefix} is wrong: it must be ${PREFIX_RULE}`)
  }

  onServer(stream: string): string {
    return this.prefix + stream
  }

  /** @returns undefined for a stream that cannot be ours. */
  ours(name: string): string | undefined {
    const stream = name.startsWith(this.prefix) ? name.slice(this.prefix.length) : ''
    return OURS.test(stream) ? stream : undefined
  }

  /** What the server sends of the whole log: no system stream, no stream that is not named aggregate-id. */
  filter(checkpointReached: (at: Position) => void): RegexFilter {
    return streamNameFilter({
      regex: `^${this.prefix.replaceAll('.', '\\.')}${STREAM_BEGIN}`,
      maxSearchWindow: SEARCH_WINDOW,
      checkpointInterval: 1,
      // A callback that throws or rejects would end the process.
      checkpointReached: (_subscription, at) => checkpointReached(at),
    })
  }
}
