import { type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'
import { type LoggedEvent, NO_REVISION } from '../log/event.js'
import { type Expectation, expectationNumber, expectationOf } from '../log/expectation.js'
import { type Stream } from '../log/stream.js'
import { type Node } from '../node/node.js'
import { type shared, streams } from '../proto.js'
import { type Failure, handlerThrew, streamDeleted, timedOut, wrongVersion } from './failures.js'
import { nameOf } from './messages.js'
import { refusalFailure, requiresLeader } from './request.js'

/** Soft: hides the events of a stream that exists. */
export function deleteStream(
  node: Node,
  call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>,
  reply: sendUnaryData<streams.DeleteResp>,
): void {
  end(node, call, call.request.getOptions(), {
    allows: (stream, expected) =>
      stream.head !== NO_REVISION && (typeof expected !== 'bigint' || expected === stream.head),
    write: (name) => node.cluster.log.softDelete(name),
    fail: (failure) => reply(failure),
    succeed: (event) => {
      const position = new streams.DeleteResp.Position()
      position.setCommitPosition(event.position.toString())
      position.setPreparePosition(event.position.toString())
      const response = new streams.DeleteResp()
      response.setPosition(position)
      reply(null, response)
    },
  })
}

/** For ever, whether or not the stream exists. */
export function tombstoneStream(
  node: Node,
  call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>,
  reply: sendUnaryData<streams.TombstoneResp>,
): void {
  end(node, call, call.request.getOptions(), {
    allows: (stream, expected) =>
      typeof expected === 'bigint' ? expected === stream.head : expected === 'any' || stream.head !== NO_REVISION,
    write: (name) => node.cluster.log.tombstone(name),
    fail: (failure) => reply(failure),
    succeed: (event) => {
      const position = new streams.TombstoneResp.Position()
      position.setCommitPosition(event.position.toString())
      position.setPreparePosition(event.position.toString())
      const response = new streams.TombstoneResp()
      response.setPosition(position)
      reply(null, response)
    },
  })
}

interface Ending {
  allows(stream: Stream, expected: Expectation): boolean
  write(name: string): LoggedEvent
  fail(failure: Failure): void
  succeed(event: LoggedEvent): void
}

interface Options {
  getStreamIdentifier(): shared.StreamIdentifier | undefined
  getRevision(): string
  hasAny(): boolean
  hasNoStream(): boolean
  hasStreamExists(): boolean
}

function end(
  node: Node,
  call: Parameters<typeof requiresLeader>[0],
  options: Options | undefined,
  { allows, write, fail, succeed }: Ending,
): void {
  if (!node.alive) return
  const refusal = node.refusal(requiresLeader(call))
  if (refusal !== undefined) fail(refusalFailure(refusal))
  else if (options === undefined) fail(handlerThrew())
  else if (node.cluster.leader === undefined) fail(timedOut())
  else {
    const name = nameOf(options.getStreamIdentifier())
    const expected = expectationOf(options, options.getRevision())
    const stream = node.cluster.log.stream(name)
    if (stream.tombstone !== undefined) fail(streamDeleted(name))
    else if (allows(stream, expected)) succeed(write(name))
    else fail(wrongVersion(name, expectationNumber(expected), stream.head))
  }
}
