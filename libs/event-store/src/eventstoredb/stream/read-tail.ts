import { BACKWARDS, END, FORWARDS } from '@eventstore/db-client'
import { StoreUnavailable } from '../../port.js'
import { PAGE, type Reading } from '../log/reading.js'
import { type Logged, mustBeLogged } from '../log/recorded.js'
import { type StreamNames } from '../log/streams.js'

/** Events of a stream beyond the index that are read to find their names; past that the index must catch up first. */
const TAIL_MAX = 20_000
/** Read of the end: in most cases the index has all but the last few. */
export const FIRST_PAGE = 16

export interface TailReader {
  readonly reading: Reading
  readonly streams: StreamNames
}

/**
 * The last event of a stream and all that stand after a position, in order; none of a stream without events.
 *
 * @throws StoreUnavailable when there are more than 20,000 of them.
 */
export async function readTail({ reading, streams }: TailReader, stream: string, after: bigint): Promise<Logged[]> {
  const tail: Logged[] = []
  let from: bigint | typeof END = END
  while (tail.length < TAIL_MAX) {
    const count: number = from === END ? FIRST_PAGE : PAGE
    const { events, isLast } = await reading.stream(streams.onServer(stream), from, BACKWARDS, count)
    for (const each of events) {
      const event = mustBeLogged(streams, each)
      if (tail.length > 0 && event.event.position <= after) return tail.reverse()
      tail.push(event)
    }
    const last = tail.at(-1)
    if (!last || isLast || last.event.revision === 0n) return tail.reverse()
    from = last.event.revision - 1n
  }
  throw new StoreUnavailable(`the index of names has not come to the last ${TAIL_MAX} events of "${stream}" yet`)
}

/** Events of a stream from a revision on, in order. */
export async function* readOn({ reading, streams }: TailReader, stream: string, from: bigint): AsyncGenerator<Logged> {
  for (let next = from; ;) {
    const { events, isLast } = await reading.stream(streams.onServer(stream), next, FORWARDS, PAGE)
    for (const each of events) yield mustBeLogged(streams, each)
    if (isLast) return
    next += BigInt(events.length)
  }
}
