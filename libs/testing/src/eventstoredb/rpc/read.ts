import { type LoggedEvent, NO_REVISION, TOMBSTONE_REVISION } from '../log/event.js'
import { type Stream } from '../log/stream.js'
import { type Node } from '../node/node.js'
import { streams } from '../proto.js'
import { subscribeToAll } from '../subscribe/subscribe-to-all.js'
import { subscribeToStream } from '../subscribe/subscribe-to-stream.js'
import { handlerThrew, streamDeleted, unexpectedResult } from './failures.js'
import { eventMessage, nameOf, notFoundMessage } from './messages.js'
import { refusalFailure, requiresLeader } from './request.js'
import { type ReadCall, Sender } from './sender.js'

const { BACKWARDS } = streams.ReadReq.Options.ReadDirection
/** The end of a stream, as an unsigned revision. */
const END_REVISION = 2n ** 64n - 1n

/** Reads and subscriptions: one rpc for all. */
export async function read(node: Node, call: ReadCall): Promise<void> {
  if (!node.alive) return
  const sender = new Sender(call)
  const refusal = node.refusal(requiresLeader(call))
  const options = call.request.getOptions()
  if (refusal !== undefined) {
    sender.fail(refusalFailure(refusal))
    return
  }
  try {
    if (options === undefined) throw new Error('no options')
    if (options.hasSubscription())
      await (options.hasStream() ? subscribeToStream : subscribeToAll)(node, sender, options)
    else if (options.hasStream()) await readStream(node, sender, options)
    else await readAll(node, sender, options)
  } catch {
    sender.fail(handlerThrew())
  }
}

async function readStream(node: Node, sender: Sender, options: streams.ReadReq.Options): Promise<void> {
  const from = options.getStream()
  const backwards = options.getReadDirection() === BACKWARDS
  const count = Number(options.getCount())
  const name = nameOf(from?.getStreamIdentifier())
  const stream = node.cluster.log.stream(name)
  const start = from?.hasRevision() ? BigInt(from.getRevision()) : from?.hasEnd() ? END_REVISION : 0n
  if (count === 0 || (!backwards && start === END_REVISION)) {
    sender.fail(unexpectedResult('ReadStreamResult'))
    return
  }
  if (start > TOMBSTONE_REVISION && start !== END_REVISION) throw new Error('a revision is a signed number')
  if (stream.tombstone !== undefined) {
    sender.fail(streamDeleted(name))
    return
  }
  const shown = shownBy(node, stream)
  if (shown === undefined) await sender.send(notFoundMessage(name))
  else await sendAll(sender, range(shown, start, backwards, count))
  sender.end()
}

/** @returns undefined for a stream that does not exist, here and now. */
function shownBy(node: Node, stream: Stream): readonly LoggedEvent[] | undefined {
  const first = stream.events[0]
  if (stream.head === NO_REVISION || stream.softDeleted || first === undefined || !node.replica.has(first))
    return undefined
  return stream.events.filter((event) => stream.shows(event.revision) && node.replica.has(event))
}

function range(events: readonly LoggedEvent[], from: bigint, backwards: boolean, count: number): LoggedEvent[] {
  const within = events.filter(({ revision }) => (backwards ? revision <= from : revision >= from))
  return (backwards ? within.reverse() : within).slice(0, count)
}

/** Inclusive forwards, exclusive backwards: a position lies before its event. */
async function readAll(node: Node, sender: Sender, options: streams.ReadReq.Options): Promise<void> {
  const from = options.getAll()
  const { log } = node.cluster
  const count = Number(options.getCount())
  // The server never answers this one.
  if (count === 0) return
  const at = from?.getPosition()
  const position = at === undefined ? undefined : BigInt(at.getCommitPosition())
  if (position !== undefined && !log.isBoundary(position)) {
    sender.fail(unexpectedResult('ReadAllResult'))
    return
  }
  const next = position !== undefined ? log.indexAfter(position - 1n) : from?.hasEnd() ? node.replica.end : 0
  const here = log.events.slice(0, node.replica.end)
  const events = options.getReadDirection() === BACKWARDS ? here.slice(0, next).reverse() : here.slice(next)
  await sendAll(sender, events.slice(0, count))
  sender.end()
}

async function sendAll(sender: Sender, events: readonly LoggedEvent[]): Promise<void> {
  for (const event of events) if (!(await sender.send(eventMessage(event)))) return
}
