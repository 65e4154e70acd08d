import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client'
import {
  type EventStoreDbSubject,
  eventStoreDbSubject,
  type EventStoreDouble,
  openEventStoreDouble,
  PATIENT,
  silentLogger,
} from '#testing'
import { all, idsOf, mustAppend, newEvent, newRequest, newStream, requestedIds } from '../../contract/requests.js'
import { type AppendRequest } from '../../port.js'
import { Connections } from '../client/connections.js'
import { PAGE, Reading } from './reading.js'

/** An append of the largest kind takes some 1 MB: a page of 16 MiB holds fewer than these. */
const COUNT = 36

let double: EventStoreDouble
let subject: EventStoreDbSubject

beforeEach(async () => {
  double = await openEventStoreDouble({ nodes: 1 })
  subject = await eventStoreDbSubject(double.url)
})
afterEach(async () => {
  await subject.close()
  await double.close()
})

test('a stream of large events is read whole, page by page, in both directions, and so is the log', async () => {
  const { store } = subject
  const stream = newStream()
  const requests: AppendRequest[] = Array.from({ length: COUNT }, () =>
    newRequest(stream, { events: [newEvent({ text: 'x'.repeat(900_000) })] }),
  )
  for (const each of requests) await mustAppend(store, each)
  const connections = new Connections(double.url, silentLogger())
  const reading = new Reading(connections, PATIENT)
  const name = `${subject.prefix}${stream}`
  const first = await reading.stream(name, START, FORWARDS, PAGE)
  expect([first.events.length, first.isLast]).toEqual([18, false])
  expect(await reading.stream(name, BigInt(COUNT - 18), FORWARDS, 18)).toMatchObject({ isLast: false })
  expect(await reading.stream(name, BigInt(COUNT - 18), FORWARDS, 19)).toMatchObject({ isLast: true })
  expect(await reading.all(END, BACKWARDS, PAGE)).toHaveLength(18)
  await connections.close()
  const ids = requests.flatMap(requestedIds)
  const read = async (reading: () => AsyncIterable<{ readonly id: string }>): Promise<string[]> =>
    idsOf(await all(reading()))
  expect(await read(() => store.readStream(stream))).toEqual(ids)
  expect(await read(() => store.readStream(stream, { direction: 'backwards' }))).toEqual([...ids].reverse())
  expect(await read(() => store.readAll({ direction: 'backwards' }))).toEqual([...ids].reverse())
  expect(await read(() => store.readAll())).toEqual(ids)
  const another = subject.another()
  const { revision } = await mustAppend(another, newRequest(stream, { expected: BigInt(COUNT - 1) }))
  expect(revision).toBe(BigInt(COUNT))
})
