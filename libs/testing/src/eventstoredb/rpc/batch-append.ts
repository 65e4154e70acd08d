import { type ServerDuplexStream } from '@grpc/grpc-js'
import { NO_REVISION, type ProposedEvent, sizeOf } from '../log/event.js'
import { type Expectation, expectationOf } from '../log/expectation.js'
import { type AppendAnswer, type Node } from '../node/node.js'
import { empty, shared, type status, streams } from '../proto.js'
import { type Failure, notLeader } from './failures.js'
import { nameOf, proposedEvent, streamIdentifier } from './messages.js'
import { requiresLeader } from './request.js'
import * as statuses from './statuses.js'
import { structuredUuid, uuidText } from './uuid.js'

type Call = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>

interface Pending {
  readonly stream: string
  readonly expected: Expectation
  readonly events: ProposedEvent[]
  readonly timer: NodeJS.Timeout
  size_bytes: number
}

/** Many appends over one call: each is answered by its correlation id, failures included. */
export function batchAppend(node: Node, call: Call): void {
  const batch = new Batch(node, call)
  call.on('data', (request: streams.BatchAppendReq) => batch.take(request))
  call.on('end', () => call.end())
  call.on('cancelled', () => batch.forget())
  call.on('error', () => batch.forget())
}

class Batch {
  readonly #pending = new Map<string, Pending>()
  readonly #requiresLeader: boolean

  constructor(
    private readonly node: Node,
    private readonly call: Call,
  ) {
    this.#requiresLeader = requiresLeader(call)
  }

  /** One message: the options of an append, some of its events, or its end. */
  take(request: streams.BatchAppendReq): void {
    try {
      const correlation = uuidText(request.getCorrelationId())
      const options = request.getOptions()
      if (options !== undefined && !this.#begin(correlation, options, request)) return
      const append = this.#pending.get(correlation)
      if (append === undefined) return
      for (const message of request.getProposedMessagesList()) this.#add(append, proposedEvent(message))
      if (append.size_bytes > this.node.limits.appendMax_bytes) {
        this.#remove(correlation)
        this.#fail(request, append.stream, statuses.tooLargeStatus(this.node.limits.appendMax_bytes))
      } else if (request.getIsFinal()) {
        this.#remove(correlation)
        this.#append(append, request)
      }
    } catch (error) {
      // What was begun stays begun, so its deadline answers it a second time: so does the server.
      const name = Buffer.from(request.getOptions()?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8')
      this.#fail(request, name, statuses.badRequestStatus((error as Error).message))
    }
  }

  forget(): void {
    for (const correlation of [...this.#pending.keys()]) this.#remove(correlation)
  }

  /** @returns whether there is time left for it. */
  #begin(correlation: string, options: streams.BatchAppendReq.Options, request: streams.BatchAppendReq): boolean {
    const stream = nameOf(options.getStreamIdentifier())
    const deadline_ms = options.getDeadline()?.toDate().getTime() ?? Infinity
    const left_ms = Math.min(deadline_ms - Date.now(), this.node.limits.writeTimeout_ms)
    if (left_ms <= 0) {
      this.#fail(request, stream, statuses.timeoutStatus())
      return false
    }
    const timer = setTimeout(() => this.#expire(correlation), left_ms)
    const expected = expectationOf(options, options.getStreamPosition())
    this.#pending.set(correlation, { stream, expected, events: [], timer, size_bytes: 0 })
    return true
  }

  #add(append: Pending, event: ProposedEvent): void {
    append.events.push(event)
    append.size_bytes += sizeOf(event)
  }

  #append({ stream, expected, events }: Pending, request: streams.BatchAppendReq): void {
    this.node.append({ stream, expected, events, requiresLeader: this.#requiresLeader }, (answer) => {
      switch (answer.kind) {
        case 'written':
          this.#succeed(request, stream, answer)
          return
        case 'wrong-version':
          this.#fail(request, stream, statuses.wrongVersionStatus(expected, answer.current))
          return
        case 'deleted':
          this.#fail(request, stream, statuses.deletedStatus(stream))
          return
        case 'timeout':
          this.#fail(request, stream, statuses.timeoutStatus())
          return
        case 'not-ready':
          this.#fail(request, stream, statuses.notReadyStatus())
          return
        case 'not-leader':
          // The whole call ends with it, and with it every append under way.
          this.#break(notLeader(answer.leader))
          return
      }
    })
  }

  #succeed(request: streams.BatchAppendReq, stream: string, written: Extract<AppendAnswer, { kind: 'written' }>): void {
    const success = new streams.BatchAppendResp.Success()
    if (written.revision === NO_REVISION) success.setNoStream(new empty.Empty())
    else success.setCurrentRevision(written.revision.toString())
    if (written.position === undefined) success.setNoPosition(new empty.Empty())
    else {
      const position = new shared.AllStreamPosition()
      position.setCommitPosition(written.position.toString())
      position.setPreparePosition(written.position.toString())
      success.setPosition(position)
    }
    const response = new streams.BatchAppendResp()
    response.setSuccess(success)
    this.#answer(response, request.getCorrelationId(), stream)
  }

  #fail(request: streams.BatchAppendReq, stream: string, error: status.Status): void {
    const response = new streams.BatchAppendResp()
    response.setError(error)
    this.#answer(response, request.getCorrelationId(), stream)
  }

  /** The server itself gives up: the only answer that does not echo the form of the id. */
  #expire(correlation: string): void {
    const append = this.#pending.get(correlation)
    if (append === undefined) return
    this.#remove(correlation)
    const response = new streams.BatchAppendResp()
    response.setError(statuses.timeoutStatus())
    this.#answer(response, structuredUuid(correlation), append.stream)
  }

  #answer(response: streams.BatchAppendResp, correlation: shared.UUID | undefined, stream: string): void {
    response.setCorrelationId(correlation)
    response.setStreamIdentifier(streamIdentifier(stream))
    if (!this.call.cancelled) this.call.write(response)
  }

  #break(failure: Failure): void {
    this.forget()
    this.call.emit('error', failure)
  }

  #remove(correlation: string): void {
    clearTimeout(this.#pending.get(correlation)?.timer)
    this.#pending.delete(correlation)
  }
}
