import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js'
import { type EventStoreDbSubject, eventStoreDbSubject, type EventStoreDouble, openEventStoreDouble } from '#testing'
import { mustAppend, newRequest, newStream } from '../../contract/requests.js'

let double: EventStoreDouble
let subject: EventStoreDbSubject
/** The next answer to an append is not sent: its call ends as one does whose stream was reset. */
let isEnding: boolean

const endCall: ServerInterceptor = ({ path }, call) =>
  new ServerInterceptingCall(call, {
    sendMessage: (message, next) => {
      if (!isEnding || !path.endsWith('Append')) return next(message)
      isEnding = false
      call.sendStatus({ code: status.INTERNAL, details: 'Received RST_STREAM with code 2', metadata: null })
    },
  })

beforeEach(async () => {
  isEnding = false
  double = await openEventStoreDouble({ interceptors: [endCall] })
  subject = await eventStoreDbSubject(double.url)
})
afterEach(async () => {
  await subject.close()
  await double.close()
})

test('an append whose call ends with an internal error after it was written is in the log once, and answered', async () => {
  const { store, prefix } = subject
  const stream = newStream()
  await mustAppend(store, newRequest(stream))
  isEnding = true
  expect(await store.append(newRequest(stream))).toMatchObject({ outcome: 'appended', revision: 1n })
  expect(isEnding).toBe(false)
  expect(double.events.filter((each) => each.stream === prefix + stream)).toHaveLength(2)
})
