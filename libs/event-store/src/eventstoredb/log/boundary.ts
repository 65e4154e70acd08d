import { BACKWARDS, END, FORWARDS, type Position, UnknownError } from '@eventstore/db-client'
import { placeOfPosition, positionOf } from '../position.js'
import { PAGE, type Reading } from './reading.js'
import { commitOf } from './recorded.js'

/**
 * The server reads only from positions at which an event stands. For any other: that of the last event before it (0n: none).
 * Costs three reads for the position before an event's, and a scan from the end of the log, page by page, for one that anybody made up.
 *
 * @throws what `signal` aborts with, when it does.
 */
export async function boundaryAt(reading: Reading, position: bigint, signal?: AbortSignal): Promise<bigint> {
  if (position <= 0n) return 0n
  if (await isEvent(reading, position)) return position
  const next = (await isEvent(reading, position + 1n)) ? placeOfPosition(position + 1n) : END
  let from: Position | typeof END = next as Position | typeof END
  const count = from === END ? PAGE : 1
  for (;;) {
    signal?.throwIfAborted()
    const page = await reading.all(from, BACKWARDS, count)
    for (const each of page) if (positionOf(commitOf(each)) <= position) return positionOf(commitOf(each))
    const last = page.at(-1)
    if (!last) return 0n
    from = { commit: commitOf(last), prepare: commitOf(last) }
  }
}

async function isEvent(reading: Reading, position: bigint): Promise<boolean> {
  try {
    const [first] = await reading.all(placeOfPosition(position), FORWARDS, 1)
    return first === undefined || positionOf(commitOf(first)) === position
  } catch (error) {
    if (error instanceof UnknownError) return false
    throw error
  }
}
