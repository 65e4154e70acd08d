import { type AppendRequest } from '#event-store'
import { type EventStoreDbSubject, eventStoreDbSubject, type EventStoreDouble, openEventStoreDouble } from '#testing'
import { idsOf, mustAppend, newEvent, newEvents, newRequest, newStream, requestedIds } from '../../contract/requests.js'
import { Reading } from '../log/reading.js'

let double: EventStoreDouble
let subject: EventStoreDbSubject

beforeEach(async () => {
  double = await openEventStoreDouble()
  subject = await eventStoreDbSubject(double.url)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await subject.close()
  await double.close()
})

/** Appends that were sent one upon the other, the first upon a revision. */
function chainUpon(
  stream: string,
  revision: bigint,
  count: number,
  needsTail: (at: number) => boolean,
): AppendRequest[] {
  return Array.from({ length: count }, (_, at) =>
    newRequest(stream, { expected: revision + BigInt(at), needsTail: needsTail(at) }),
  )
}

test.each([
  ['all of whom need the tail', (): boolean => true],
  ['of whom the first needs the tail', (at: number): boolean => at === 0],
])('a chain of appends that others were faster than, %s: one read for all', async (_, needsTail) => {
  const { store } = subject
  const stream = newStream()
  const { revision } = await mustAppend(store, newRequest(stream))
  const foreign = newRequest(stream, { events: newEvents(50) })
  await mustAppend(subject.another(), foreign)
  const reads = jest.spyOn(Reading.prototype, 'stream')
  const results = await Promise.all(chainUpon(stream, revision, 50, needsTail).map((each) => store.append(each)))
  for (const [at, result] of results.entries()) {
    expect(result).toMatchObject({ outcome: 'conflict', revision: revision + 50n })
    const tail = result.outcome === 'conflict' ? result.tail : undefined
    expect(tail && idsOf(tail)).toEqual(needsTail(at) ? requestedIds(foreign).slice(at) : undefined)
  }
  expect(reads.mock.calls.length).toBeLessThanOrEqual(3)
})

test('of tails that are read together one may be too long, and another not', async () => {
  const { store } = subject
  const stream = newStream()
  const large = Array.from({ length: 5 }, () =>
    newRequest(stream, { events: [newEvent({ text: 'x'.repeat(900_000) })] }),
  )
  for (const each of large) await mustAppend(subject.another(), each)
  const conflicts = ['none' as const, 3n].map((expected) => store.append(newRequest(stream, { expected })))
  const [whole, last] = await Promise.all(conflicts)
  expect(whole).toMatchObject({ outcome: 'conflict', revision: 4n, tail: undefined })
  expect(last).toMatchObject({ outcome: 'conflict', revision: 4n, tail: [{ revision: 4n }] })
})
