import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '#runtime'
import { StoreUnavailable } from '../../port.js'
import { type Connection } from './connection.js'
import { type Connections } from './connections.js'
import { remedyOf } from './remedy.js'
import { within } from './within.js'

export interface Patience {
  /** What is asked, for messages. */
  readonly what: string
  /** Of one attempt, or between two things that come of it; then the connection is replaced. */
  readonly attempt_ms: number
  /** Of all attempts: none begins later, and no connection is waited for longer. An attempt that has begun gets its time. */
  readonly total_ms: number
}

/**
 * Makes a call until it is answered, the same call each time, with 50-100 ms between attempts.
 *
 * @throws StoreUnavailable when patience runs out: the outcome is unknown. @throws what the server refused it with.
 */
export async function insist<T>(
  connections: Connections,
  patience: Patience,
  call: (connection: Connection, goesOn: () => void) => Promise<T>,
): Promise<T> {
  const deadline_ms = performance.now() + patience.total_ms
  for (;;) {
    try {
      return await attempt(connections, patience, deadline_ms, call)
    } catch (error) {
      if (!(error instanceof Retryable)) throw error
      const pause_ms = 50 + Math.random() * 50
      if (performance.now() + pause_ms >= deadline_ms)
        throw new StoreUnavailable(`${patience.what}: ${reasonOf(error.cause)}`, { cause: error.cause })
      await sleep(pause_ms)
    }
  }
}

class Retryable extends Error {}

async function attempt<T>(
  connections: Connections,
  { what, attempt_ms }: Patience,
  deadline_ms: number,
  call: (connection: Connection, goesOn: () => void) => Promise<T>,
): Promise<T> {
  const left_ms = Math.max(1, Math.ceil(deadline_ms - performance.now()))
  const connection = await within(left_ms, 'connecting', () => connections.connection()).catch((cause: unknown) => {
    throw new Retryable('no connection', { cause })
  })
  try {
    return await within(attempt_ms, what, (goesOn) => call(connection, goesOn))
  } catch (error) {
    // Another call's failure has ended it meanwhile: the client says of those that were cancelled with it whatever comes to its mind.
    const remedy = connection.isOver ? 'again' : remedyOf(error)
    if (remedy === 'never') throw error
    if (remedy === 'replace') connections.replace(connection, error)
    throw new Retryable('failed', { cause: error })
  }
}
