import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '#runtime'
import { StoreUnavailable } from '../../port.js'
import { type Connection } from './connection.js'
import { type Connections } from './connections.js'
import { remedyOf } from './remedy.js'
import { within } from './within.js'

/** The end of the connection before, and the beginning of the next. */
const CONNECT_MS_MAX = 5_000

export interface Patience {
  /** What is asked, for messages. */
  readonly what: string
  /** Of one attempt; then the connection is replaced. */
  readonly attempt_ms: number
  /** Of all attempts. */
  readonly total_ms: number
}

/**
 * Makes a call until it is answered, the same call each time, with 50-100 ms between attempts.
 *
 * @throws StoreUnavailable when patience runs out: the outcome is unknown. @throws what the server refused it with.
 */
export async function insist<T>(
  connections: Connections,
  { what, attempt_ms, total_ms }: Patience,
  call: (connection: Connection) => Promise<T>,
): Promise<T> {
  const deadline_ms = performance.now() + total_ms
  for (;;) {
    try {
      return await attempt(connections, what, attempt_ms, call)
    } catch (error) {
      if (!(error instanceof Retryable)) throw error
      if (performance.now() >= deadline_ms)
        throw new StoreUnavailable(`${what}: ${reasonOf(error.cause)}`, { cause: error.cause })
    }
    await sleep(50 + Math.random() * 50)
  }
}

class Retryable extends Error {}

async function attempt<T>(
  connections: Connections,
  what: string,
  ms: number,
  call: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await within(CONNECT_MS_MAX, 'connecting', connections.connection()).catch((cause: unknown) => {
    throw new Retryable('no connection', { cause })
  })
  try {
    return await within(ms, what, call(connection))
  } catch (error) {
    const remedy = remedyOf(error)
    if (remedy === 'never') throw error
    if (remedy === 'replace') connections.replace(connection, error)
    throw new Retryable('failed', { cause: error })
  }
}
