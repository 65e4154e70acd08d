import { NO_REVISION } from '../log/event.js'
import { type Expectation } from '../log/expectation.js'
import { any, code, empty, shared, status } from '../proto.js'
import { streamIdentifier } from './messages.js'

const { OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS } = code.Code
const PACKAGE = 'event_store.client'

interface Detail {
  serializeBinary(): Uint8Array
}

function statusOf(of: code.Code, message: string, type: string, detail: Detail): status.Status {
  const packed = new any.Any()
  packed.pack(detail.serializeBinary(), type)
  const reply = new status.Status()
  reply.setCode(of)
  reply.setMessage(message)
  reply.setDetails(packed)
  return reply
}

export const notReadyStatus = (): status.Status =>
  statusOf(OK, 'Server Is Not Ready', 'google.protobuf.Empty', new empty.Empty())

export const timeoutStatus = (): status.Status =>
  statusOf(DEADLINE_EXCEEDED, 'Timeout', `${PACKAGE}.Timeout`, new shared.Timeout())

export function badRequestStatus(message: string): status.Status {
  const detail = new shared.BadRequest()
  detail.setMessage(message)
  return statusOf(INVALID_ARGUMENT, 'BadRequest', `${PACKAGE}.BadRequest`, detail)
}

export function tooLargeStatus(limit_bytes: number): status.Status {
  const detail = new shared.MaximumAppendSizeExceeded()
  detail.setMaxappendsize(limit_bytes)
  return statusOf(INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', `${PACKAGE}.MaximumAppendSizeExceeded`, detail)
}

export function deletedStatus(stream: string): status.Status {
  const detail = new shared.StreamDeleted()
  detail.setStreamIdentifier(streamIdentifier(stream))
  return statusOf(NOT_FOUND, 'StreamDeleted', `${PACKAGE}.StreamDeleted`, detail)
}

export function wrongVersionStatus(expected: Expectation, current: bigint): status.Status {
  const detail = new shared.WrongExpectedVersion()
  if (current === NO_REVISION) detail.setCurrentNoStream(new empty.Empty())
  else detail.setCurrentStreamRevision(current.toString())
  if (expected === 'any') detail.setExpectedAny(new empty.Empty())
  else if (expected === 'stream_exists') detail.setExpectedStreamExists(new empty.Empty())
  else if (expected === NO_REVISION) detail.setExpectedNoStream(new empty.Empty())
  else detail.setExpectedStreamPosition(expected.toString())
  return statusOf(ALREADY_EXISTS, 'WrongExpectedVersion', `${PACKAGE}.WrongExpectedVersion`, detail)
}
