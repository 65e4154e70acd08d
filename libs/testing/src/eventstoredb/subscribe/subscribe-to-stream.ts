import { randomUUID } from 'node:crypto'
import { type LoggedEvent, NO_REVISION, TOMBSTONE_REVISION } from '../log/event.js'
import { type Stream } from '../log/stream.js'
import { type Node } from '../node/node.js'
import { type streams } from '../proto.js'
import { streamDeleted } from '../rpc/failures.js'
import { caughtUpMessage, confirmationMessage, eventMessage, nameOf } from '../rpc/messages.js'
import { type Sender } from '../rpc/sender.js'
import { LiveBuffer } from './live-buffer.js'

/** From a revision on, exclusive, for ever or until the stream is tombstoned. */
export async function subscribeToStream(node: Node, sender: Sender, options: streams.ReadReq.Options): Promise<void> {
  const from = options.getStream()
  const name = nameOf(from?.getStreamIdentifier())
  const stream = node.cluster.log.stream(name)
  if (stream.tombstone !== undefined) {
    sender.fail(streamDeleted(name))
    return
  }
  const after = from?.hasRevision() ? BigInt(from.getRevision()) : from?.hasEnd() ? stream.head : NO_REVISION
  await sender.send(confirmationMessage(randomUUID()))
  const existed = stream.head !== NO_REVISION
  const last = await catchUp(node, sender, stream, after)
  await goLive(node, sender, stream, last, existed)
}

/** @returns the last revision that was sent or skipped. */
async function catchUp(node: Node, sender: Sender, stream: Stream, after: bigint): Promise<bigint> {
  let last = after
  const next = (): LoggedEvent | undefined => {
    const first = stream.firstVisible()
    const event = stream.at(last + 1n > first ? last + 1n : first)
    return event && node.replica.has(event) ? event : undefined
  }
  for (let event = next(); event !== undefined; event = next()) {
    last = event.revision
    if (!(await sender.send(eventMessage(event)))) break
  }
  return last
}

async function goLive(node: Node, sender: Sender, stream: Stream, after: bigint, existed: boolean): Promise<void> {
  if (sender.left.aborted) return
  const buffer = new LiveBuffer(sender, node.limits.liveBuffer)
  let told = existed
  const stop = node.replica.onEvent((event) => {
    if (event.stream !== stream.name || event.revision <= after) return
    buffer.push(eventMessage(event))
    // Of a stream that did not exist, the server finds the end only behind the append that creates it.
    if (!told) queueMicrotask(() => buffer.push(caughtUpMessage()))
    told = true
  })
  sender.left.addEventListener('abort', stop)
  if (existed) await sender.send(caughtUpMessage())
  await buffer.pump((sent) => sent.getEvent()?.getEvent()?.getStreamRevision() === TOMBSTONE_REVISION.toString())
  sender.fail(streamDeleted(stream.name))
}
