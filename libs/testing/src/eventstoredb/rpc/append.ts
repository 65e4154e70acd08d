import { type sendUnaryData, type ServerReadableStream } from '@grpc/grpc-js'
import { NO_REVISION, type ProposedEvent, sizeOf } from '../log/event.js'
import { type Expectation, expectationOf } from '../log/expectation.js'
import { type AppendAnswer, type Node } from '../node/node.js'
import { shared, streams } from '../proto.js'
import { handlerThrew, streamDeleted, timedOut, tooLarge } from './failures.js'
import { nameOf, proposedEvent } from './messages.js'
import { refusalFailure, requiresLeader } from './request.js'

type Call = ServerReadableStream<streams.AppendReq, streams.AppendResp>

/** One append a call: its options, its events one by one, its end. */
export function append(node: Node, call: Call, reply: sendUnaryData<streams.AppendResp>): void {
  let target: { readonly stream: string; readonly expected: Expectation } | undefined
  let size_bytes = 0
  let answered = false
  const events: ProposedEvent[] = []
  const answer: sendUnaryData<streams.AppendResp> = (failure, response) => {
    if (!answered) reply(failure, response)
    answered = true
  }
  const orThrow = (take: () => void): void => {
    try {
      take()
    } catch {
      answer(handlerThrew())
    }
  }
  call.on('data', (request: streams.AppendReq) =>
    orThrow(() => {
      const options = request.getOptions()
      const message = request.getProposedMessage()
      if (options !== undefined)
        target = {
          stream: nameOf(options.getStreamIdentifier()),
          expected: expectationOf(options, options.getRevision()),
        }
      if (message === undefined) return
      const event = proposedEvent(message)
      events.push(event)
      size_bytes += sizeOf(event)
      if (size_bytes > node.limits.appendMax_bytes) answer(tooLarge(node.limits.appendMax_bytes))
    }),
  )
  const ended = (): void => {
    if (answered || call.cancelled) return
    if (target === undefined) answer(handlerThrew())
    else {
      const { stream, expected } = target
      node.append({ stream, expected, events, requiresLeader: requiresLeader(call) }, (result) =>
        answerWith(answer, result, stream, expected),
      )
    }
  }
  // A connection that breaks looks like the end of what was sent first, and says in the next turn that it was none: part of an append is none.
  call.on('end', () => setImmediate(ended))
}

function answerWith(
  reply: sendUnaryData<streams.AppendResp>,
  answer: AppendAnswer,
  stream: string,
  expected: Expectation,
): void {
  switch (answer.kind) {
    case 'written':
      reply(null, written(answer))
      return
    case 'wrong-version':
      reply(null, wrongVersion(expected, answer.current))
      return
    case 'deleted':
      reply(streamDeleted(stream))
      return
    case 'timeout':
      reply(timedOut())
      return
    case 'not-ready':
    case 'not-leader':
      reply(refusalFailure(answer))
      return
  }
}

function written({ revision, position }: Extract<AppendAnswer, { kind: 'written' }>): streams.AppendResp {
  const success = new streams.AppendResp.Success()
  if (revision === NO_REVISION) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(revision.toString())
  if (position === undefined) success.setNoPosition(new shared.Empty())
  else {
    const at = new streams.AppendResp.Position()
    at.setCommitPosition(position.toString())
    at.setPreparePosition(position.toString())
    success.setPosition(at)
  }
  const response = new streams.AppendResp()
  response.setSuccess(success)
  return response
}

/** The answer says everything twice, for clients before 20.6.1 too. */
function wrongVersion(expected: Expectation, current: bigint): streams.AppendResp {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (current === NO_REVISION) {
    wrong.setNoStream2060(new shared.Empty())
    wrong.setCurrentNoStream(new shared.Empty())
  } else {
    wrong.setCurrentRevision2060(Number(current))
    wrong.setCurrentRevision(current.toString())
  }
  if (expected === 'any') {
    wrong.setAny2060(new shared.Empty())
    wrong.setExpectedAny(new shared.Empty())
  } else if (expected === 'stream_exists') {
    wrong.setStreamExists2060(new shared.Empty())
    wrong.setExpectedStreamExists(new shared.Empty())
  } else if (expected === NO_REVISION) {
    // The old field holds 2^64-1 here, which the generated setter cannot express; no client of today reads it.
    wrong.setExpectedNoStream(new shared.Empty())
  } else {
    wrong.setExpectedRevision2060(Number(expected))
    wrong.setExpectedRevision(expected.toString())
  }
  const response = new streams.AppendResp()
  response.setWrongExpectedVersion(wrong)
  return response
}
