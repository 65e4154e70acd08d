import { LiveClient } from './live-client.js'
import { type LiveState } from './states.js'
import { type LiveUpdate, Watch, type WatchOptions } from './watch.js'

export interface LiveOptions {
  /** Origin of the query API: `http://127.0.0.1:7402`. */
  readonly url: string
  /** A bearer token with the scope `read`, or where to get one: asked at each connect, and before the last one expires. */
  readonly token: string | (() => string | Promise<string>)
  readonly onState?: (state: LiveState) => void
  /**
   * Told once of each watch that cannot be, and of a refused connection, with which everything ends ({@link LiveError}).
   * Without it such errors are thrown where nobody catches them, as are those of your own functions. Also told, if it is there, when
   * `token` throws: once until it gives a token again, since nothing has ended and it is asked again.
   */
  readonly onError?: (error: Error) => void
  /** Default `['websocket']`. Long polling needs a balancer that sends a client to the same instance each time. */
  readonly transports?: readonly ('websocket' | 'polling')[]
}

export interface Live {
  readonly state: LiveState
  /**
   * Watches what a GET of this path answers: its state, then each change, once and in order, whatever happens to the
   * connection or the server.
   *
   * @param resource the path of a query, with its parameters: `/v1/ledger/books/main/balances/assets%3Acash`.
   * @returns ends it: nothing is told afterwards.
   * @throws RangeError when it is closed, or holds 1,000 watches; those are the most that a socket may have.
   */
  watch<T = unknown>(resource: string, onChange: (update: LiveUpdate<T>) => void, options?: WatchOptions): () => void
  /** Ends every watch and the connection. */
  close(): void
}

/** Watches of one socket, as the server counts them. */
const WATCHES_MAX = 1_000

/** Connects, and stays connected until `close()`. Everything that is watched shares one socket. */
export function connectLive({ url, token, onState, onError, transports }: LiveOptions): Live {
  const client = new LiveClient({
    url,
    token: typeof token === 'string' ? () => token : token,
    isTokenFixed: typeof token === 'string',
    transports: transports ?? ['websocket'],
    onState: onState ?? (() => undefined),
    onError:
      onError ??
      ((error) => {
        throw error
      }),
    onTokenError: onError ?? (() => undefined),
  })
  return {
    get state() {
      return client.state
    },
    watch: <T>(resource: string, onChange: (update: LiveUpdate<T>) => void, options: WatchOptions = {}) => {
      if (client.state === 'closed') throw new RangeError('closed: connect again before you watch')
      if (client.size >= WATCHES_MAX)
        throw new RangeError(`a connection has ${WATCHES_MAX} watches at most: stop some, or connect another time`)
      const watch = new Watch(resource, onChange as (update: LiveUpdate) => void, options)
      client.add(watch)
      return () => client.remove(watch)
    },
    close: () => client.close(),
  }
}
