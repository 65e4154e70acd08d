import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client'
import { type RecordedEvent } from '#domain-kit'
import { type ReadStreamOptions } from '../../port.js'
import { PAGE, type Reading } from './reading.js'
import { mustBeLogged } from './recorded.js'
import { type StreamNames } from './streams.js'

/** @throws StoreUnavailable */
export async function* readStream(
  reading: Reading,
  streams: StreamNames,
  stream: string,
  options: ReadStreamOptions = {},
): AsyncGenerator<RecordedEvent> {
  const forwards = options.direction !== 'backwards'
  let from: bigint | typeof START | typeof END = options.from ?? (forwards ? START : END)
  let left = options.limit ?? Infinity
  while (left > 0 && !(typeof from === 'bigint' && from < 0n)) {
    const count = Math.min(left, PAGE)
    const page = await reading.stream(streams.onServer(stream), from, forwards ? FORWARDS : BACKWARDS, count)
    const events = page.events.map((each) => mustBeLogged(streams, each).event)
    yield* events
    const last = events.at(-1)
    if (!last || page.isLast) return
    left -= events.length
    from = last.revision + (forwards ? 1n : -1n)
  }
}
