import { UnknownError } from '@eventstore/db-client'
import { Metadata } from '@grpc/grpc-js'
import { remedyOf } from './remedy.js'

test.each(['Server Is Not Ready', 'Server Is Busy', 'No leader info available in response'])(
  'an append that the server did not take, "%s", is sent again elsewhere',
  (said) => {
    expect(remedyOf(new UnknownError(undefined, `Could not recognize ${said}`))).toBe('replace')
  },
)

/** As the client makes it of a call that ends with such a status. */
const ended = (code: number, message: string): UnknownError =>
  new UnknownError(Object.assign(new Error(message), { code, details: message, metadata: new Metadata() }))

test.each([
  [13, '13 INTERNAL: Received RST_STREAM with code 2 triggered by internal client error: write EPIPE'],
  [13, '13 INTERNAL: Received RST_STREAM with code 0 (Call ended without gRPC status)'],
  [2, '2 UNKNOWN: Received HTTP status code 500'],
])(
  'a call that ends without an answer of the server, with %i "%s", is made again on another connection',
  (code, said) => {
    expect(remedyOf(ended(code, said))).toBe('replace')
  },
)

test.each([
  [13, "13 INTERNAL: Request message serialization failure: Cannot read properties of null (reading 'lo')"],
  [2, '2 UNKNOWN: Exception was thrown by handler.'],
  [2, '2 UNKNOWN: Unexpected ReadAllResult: Error'],
])('a call that would fail the same way, with %i "%s", is not', (code, said) => {
  expect(remedyOf(ended(code, said))).toBe('never')
})

test('what the server finds wrong with an append stays wrong', () => {
  expect(remedyOf(new UnknownError(undefined, 'Could not recognize Bad Request'))).toBe('never')
  expect(remedyOf(new UnknownError())).toBe('never')
})
