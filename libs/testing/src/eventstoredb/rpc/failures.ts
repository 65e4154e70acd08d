import { Metadata, type ServiceError, status } from '@grpc/grpc-js'

/** How a call fails: what grpc-js takes for an error, without its stack. */
export type Failure = Pick<ServiceError, 'code' | 'details' | 'metadata'>

export interface Endpoint {
  readonly address: string
  readonly port: number
}

function failure(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): Failure {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value)
  return { code, details, metadata }
}

export const notReady = (): Failure => failure(status.UNAVAILABLE, 'Server Is Not Ready')
export const handlerThrew = (): Failure => failure(status.UNKNOWN, 'Exception was thrown by handler.')
export const unexpectedResult = (of: 'ReadStreamResult' | 'ReadAllResult'): Failure =>
  failure(status.UNKNOWN, `Unexpected ${of}: Error`)
export const timedOut = (): Failure => failure(status.ABORTED, 'Operation timed out: ')
export const tooSlow = (): Failure =>
  failure(
    status.ABORTED,
    'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
  )

/** @param leader  undefined while the node knows none. */
export const notLeader = (leader: Endpoint | undefined): Failure =>
  leader === undefined
    ? failure(status.UNKNOWN, 'No leader info available in response')
    : failure(status.NOT_FOUND, 'Leader info available', {
        exception: 'not-leader',
        'leader-endpoint-host': leader.address,
        'leader-endpoint-port': String(leader.port),
      })

export const streamDeleted = (stream: string): Failure =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })

export const tooLarge = (limit_bytes: number): Failure =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit_bytes} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit_bytes),
  })

/** Of a delete; an append answers in its reply. */
export const wrongVersion = (stream: string, expected: bigint, actual: bigint): Failure =>
  failure(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected.toString()}, Actual version: ${actual.toString()}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': expected.toString(),
      'actual-version': actual.toString(),
    },
  )
