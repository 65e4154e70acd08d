import {
  type AppendResult as Appended,
  type EventData,
  MaxAppendSizeExceededError,
  NO_STREAM,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { StoreLimitExceeded } from '../../port.js'
import { type Connections } from '../client/connections.js'
import { insist } from '../client/insist.js'
import { type Attempts } from '../patience.js'
import { positionOf } from '../position.js'

/**
 * The server is told a time of day by our clock: one that is a second behind would have every append refused with a deadline of a
 * second. It has a bound of its own for writes, and we have our timer; this one must only never come first.
 */
const SERVER_DEADLINE_MS = 24 * 3_600_000

/** Where the last event stands; undefined when the stream does not end at the revision expected. */
export type ExactResult = { readonly revision: number; readonly position: bigint } | undefined

/**
 * Appends at an exact revision, or to a stream without events (-1): what the server recognizes again for ever by the events' ids, so
 * that asking again the same way is safe whatever became of the first time. Never `any`: after a restart or a failover that
 * would write the events twice.
 *
 * @throws StoreUnavailable when the outcome stays unknown. @throws StoreLimitExceeded
 */
export async function appendExactly(
  connections: Connections,
  name: string,
  after: number,
  events: readonly EventData[],
  bytes: number,
  patience: Attempts,
): Promise<ExactResult> {
  const options = {
    expectedRevision: after === -1 ? NO_STREAM : BigInt(after),
    requiresLeader: true,
    deadline: SERVER_DEADLINE_MS,
  } as const
  try {
    const appended = await insist(connections, { what: `appending to "${name}"`, ...patience }, ({ client }) =>
      client.appendToStream(name, [...events], options),
    )
    return placeOf(name, appended, after + events.length)
  } catch (error) {
    if (error instanceof WrongExpectedVersionError) return undefined
    if (error instanceof MaxAppendSizeExceededError)
      throw new StoreLimitExceeded('append_size_bytes', bytes, error.maxAppendSize)
    if (error instanceof StreamDeletedError)
      throw new Error(`stream "${name}" was deleted, and Headwater never deletes one`, { cause: error })
    throw error
  }
}

function placeOf(name: string, { nextExpectedRevision, position }: Appended, revision: number): ExactResult {
  if (Number(nextExpectedRevision) !== revision || !position)
    throw new Error(`"${name}" was to end at ${revision}, and the server says ${nextExpectedRevision}`)
  return { revision, position: positionOf(position.commit) }
}
