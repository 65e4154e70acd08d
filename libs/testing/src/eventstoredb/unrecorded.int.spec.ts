import { randomUUID } from 'node:crypto'
import { EventStoreDBClient } from '@eventstore/db-client'
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import { credentials } from '@grpc/grpc-js'
import { eventually } from '../eventually.js'
import { openEventStoreDouble } from './open-double.js'
import { empty, shared, streams } from './proto.js'
import { fillers } from './replay/seed.js'

// What is in no record, and was seen on a server of the same version.

test('an append that the server cannot read is answered twice: at once, and when its time is over', async () => {
  const double = await openEventStoreDouble({ writeTimeout_ms: 50 })
  const client = new StreamsClient(`127.0.0.1:${double.nodes[0].port}`, credentials.createInsecure())
  const replies: streams.BatchAppendResp[] = []
  const call = client.batchAppend().on('error', () => undefined)
  call.on('data', (reply: streams.BatchAppendResp) => replies.push(reply))
  call.write(unreadable(randomUUID()))
  await eventually('it was answered twice', () => replies.length === 2)
  expect(replies.map((reply) => reply.getError()?.getMessage())).toEqual(['BadRequest', 'Timeout'])
  expect(replies.map((reply) => reply.getCorrelationId()?.hasStructured())).toEqual([false, true])
  call.cancel()
  client.close()
  await double.close()
})

test('of a stream that did not exist, the end is behind the whole append that creates it', async () => {
  const double = await openEventStoreDouble()
  const client = EventStoreDBClient.connectionString(double.url)
  const seen: unknown[] = []
  const subscription = client.subscribeToStream('later')
  subscription.on('caughtUp', () => seen.push('caughtUp'))
  subscription.on('data', ({ event }) => seen.push(event?.revision))
  await new Promise((resolve) => subscription.once('confirmation', resolve))
  await client.appendToStream('later', fillers(3))
  await eventually('all has come', () => seen.length === 4)
  expect(seen).toEqual([0n, 1n, 2n, 'caughtUp'])
  await subscription.unsubscribe()
  await client.dispose()
  await double.close()
})

test('a stream that was deleted and begun anew is truncated by an event of its own, behind the new ones', async () => {
  const double = await openEventStoreDouble()
  const client = EventStoreDBClient.connectionString(double.url)
  await client.appendToStream('s', fillers(1))
  await client.deleteStream('s')
  await client.appendToStream('s', fillers(2))
  const [, ...written] = double.events.map(({ stream, type, data }) => [
    stream,
    type === 'F' ? type : Buffer.from(data).toString(),
  ])
  expect(written).toEqual([
    ['s', 'F'],
    ['$$s', '{"$tb":9223372036854775807}'],
    ['s', 'F'],
    ['s', 'F'],
    ['$$s', '{"$tb":1}'],
  ])
  await client.dispose()
  await double.close()
})

function unreadable(correlation: string): streams.BatchAppendReq {
  const id = new shared.UUID()
  id.setString(correlation)
  const stream = new shared.StreamIdentifier()
  stream.setStreamName(Buffer.from('s'))
  const options = new streams.BatchAppendReq.Options()
  options.setStreamIdentifier(stream)
  options.setAny(new empty.Empty())
  const event = new streams.BatchAppendReq.ProposedMessage()
  const bad = new shared.UUID()
  bad.setString('not-a-uuid')
  event.setId(bad)
  const request = new streams.BatchAppendReq()
  request.setCorrelationId(id)
  request.setOptions(options)
  request.addProposedMessages(event)
  request.setIsFinal(true)
  return request
}
