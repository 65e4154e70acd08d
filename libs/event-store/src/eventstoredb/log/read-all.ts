import { BACKWARDS, END, type Position, type ResolvedEvent, UnknownError } from '@eventstore/db-client'
import { type RecordedEvent } from '#domain-kit'
import { type ReadAllOptions } from '../../port.js'
import { placeOfPosition } from '../position.js'
import { type Follower } from './follow-all.js'
import { followWhileAnswered } from './follow-while-answered.js'
import { type Head } from './head.js'
import { PAGE, type Reading } from './reading.js'
import { commitOf, logged } from './recorded.js'

/** Our events up to what is the last now. By a subscription: only those are filtered by the server. */
async function* forwards(
  follower: Follower,
  head: Head,
  { after = 0n, limit = Infinity, signal }: ReadAllOptions,
): AsyncGenerator<RecordedEvent> {
  const last = await head.find()
  let left = limit
  if (after >= last || left <= 0) return
  for await (const { events } of followWhileAnswered(follower, after, undefined, signal))
    for (const event of events) {
      if (event.position > last) return
      yield event
      left -= 1
      if (left <= 0 || event.position === last) return
    }
}

async function* backwards(
  { reading, streams }: Follower,
  { after: before = END_OF_LOG, limit = Infinity, signal }: ReadAllOptions,
): AsyncGenerator<RecordedEvent> {
  let left = limit
  let from: Position | typeof END | undefined = before === END_OF_LOG ? END : undefined
  while (left > 0 && signal?.aborted !== true) {
    const page: readonly ResolvedEvent[] = from
      ? await reading.all(from, BACKWARDS, PAGE)
      : await pageBefore(reading, before)
    for (const each of page) {
      const own = logged(streams, each)
      if (!own || own.event.position >= before) continue
      yield own.event
      left -= 1
      if (left <= 0) return
    }
    const last = page.at(-1)
    if (!last) return
    from = { commit: commitOf(last), prepare: commitOf(last) }
  }
}

/** A position at which no event stands is no place to begin: then from the end. */
async function pageBefore(reading: Reading, before: bigint): Promise<readonly ResolvedEvent[]> {
  const place = placeOfPosition(before)
  if (typeof place === 'string') return []
  try {
    return await reading.all(place, BACKWARDS, PAGE)
  } catch (error) {
    if (error instanceof UnknownError) return reading.all(END, BACKWARDS, PAGE)
    throw error
  }
}

const END_OF_LOG = 9_223_372_036_854_775_807n

export function readAll(follower: Follower, head: Head, options: ReadAllOptions = {}): AsyncGenerator<RecordedEvent> {
  return options.direction === 'backwards' ? backwards(follower, options) : forwards(follower, head, options)
}
