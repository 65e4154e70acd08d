import { type EventStoreDbSubject, eventStoreDbSubject, type EventStoreDouble } from '#testing'
import { openEventStoreDouble, PATIENT, silentLogger } from '#testing'
import { mustAppend, newRequest, newStream } from '../../contract/requests.js'
import { foreignEvents } from '../../fixtures/foreign-events.js'
import { Connections } from '../client/connections.js'
import { Head, type KnownEnd } from './head.js'
import { Reading } from './reading.js'
import { StreamNames } from './streams.js'

const LOOK_BACK = 1_100

let double: EventStoreDouble
let subject: EventStoreDbSubject
let connections: Connections

beforeEach(async () => {
  double = await openEventStoreDouble()
  subject = await eventStoreDbSubject(double.url)
  connections = new Connections(double.url, silentLogger())
})
afterEach(async () => {
  await connections.close()
  await subject.close()
  await double.close()
})

function headOf(indexed: KnownEnd): Head {
  const follower = {
    connections,
    reading: new Reading(connections, PATIENT),
    streams: new StreamNames(subject.prefix),
    logger: silentLogger(),
  }
  return new Head(follower, async () => Promise.resolve(indexed), LOOK_BACK)
}

test('the end is found behind however many events of others, with and without an index, again and again', async () => {
  const { store } = subject
  const first = await mustAppend(store, newRequest(newStream()))
  const { position } = await mustAppend(store, newRequest(newStream()))
  const heads = [headOf({ last: 0n, through: 0n }), headOf({ last: first.position, through: first.position })]
  for (let round = 0; round < 2; round += 1) {
    await foreignEvents(double.url, 'orders', 2_100)
    for (const head of heads) expect(await head.find()).toBe(position)
  }
  const later = await mustAppend(store, newRequest(newStream()))
  for (const head of heads) expect(await head.find()).toBe(later.position)
})

test('a log that holds nothing but events of others is empty', async () => {
  await foreignEvents(double.url, 'orders', 2_100)
  expect(await headOf({ last: 0n, through: 0n }).find()).toBe(0n)
})
