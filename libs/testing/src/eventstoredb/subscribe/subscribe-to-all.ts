import { randomUUID } from 'node:crypto'
import { type LoggedEvent } from '../log/event.js'
import { type Node } from '../node/node.js'
import { type streams } from '../proto.js'
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage } from '../rpc/messages.js'
import { type Sender } from '../rpc/sender.js'
import { type Filter, filterOf, PAGE_EVENTS } from './filter.js'
import { LiveBuffer } from './live-buffer.js'

/** From a position on, exclusive, for ever: pages of the log as fast as the client reads, then events as they come. */
export async function subscribeToAll(node: Node, sender: Sender, options: streams.ReadReq.Options): Promise<void> {
  const filter = filterOf(options.getFilter())
  const start = startIndex(node, options.getAll())
  await sender.send(confirmationMessage(randomUUID()))
  const examined = start === undefined ? 0 : await catchUp(node, sender, filter, start)
  await goLive(node, sender, filter, examined)
}

/** @returns undefined for the end. @throws Error where no record begins. */
function startIndex(node: Node, from: streams.ReadReq.Options.AllOptions | undefined): number | undefined {
  const at = from?.getPosition()
  if (from === undefined || from.hasEnd()) return undefined
  if (at === undefined) return 0
  const position = BigInt(at.getCommitPosition())
  if (!node.cluster.log.isBoundary(position)) throw new Error('no record begins here')
  return node.cluster.log.indexAfter(position)
}

/** @returns how many events were examined since the last checkpoint. Whoever calls it has reached the end. */
async function catchUp(node: Node, sender: Sender, filter: Filter | undefined, start: number): Promise<number> {
  let examined = 0
  let next = start
  while (next < node.replica.end) {
    const page = pageFrom(node.cluster.log.events.slice(next, node.replica.end), filter)
    for (const event of page.matching) if (!(await sender.send(eventMessage(event)))) return examined
    next += page.examined
    examined += page.examined
    if (filter === undefined || next >= node.replica.end || examined < filter.checkpointInterval) continue
    examined %= filter.checkpointInterval
    await sender.send(checkpointOf(page, next === page.examined))
  }
  return examined
}

interface Page {
  readonly first: LoggedEvent | undefined
  readonly matching: readonly LoggedEvent[]
  readonly examined: number
}

function pageFrom(events: readonly LoggedEvent[], filter: Filter | undefined): Page {
  const matching: LoggedEvent[] = []
  const window = filter?.window ?? PAGE_EVENTS
  let examined = 0
  for (const event of events) {
    if (examined === window || matching.length === PAGE_EVENTS) break
    examined += 1
    if (filter?.matches(event) ?? true) matching.push(event)
  }
  return { first: events[0], matching, examined }
}

/** The last event that was sent, or where the page began: with prepare 0, which is still good to resume from. */
function checkpointOf({ first, matching }: Page, firstPage: boolean): streams.ReadResp {
  const last = matching.at(-1)
  if (last !== undefined) return checkpointMessage(last.position, last.position)
  return checkpointMessage(firstPage || first === undefined ? 0n : first.position, 0n)
}

async function goLive(node: Node, sender: Sender, filter: Filter | undefined, counted: number): Promise<void> {
  if (sender.left.aborted) return
  let examined = counted
  const buffer = new LiveBuffer(sender, node.limits.liveBuffer)
  const stop = node.replica.onEvent((event) => {
    if (filter?.matches(event) ?? true) buffer.push(eventMessage(event))
    if (filter === undefined) return
    examined += 1
    if (examined < filter.checkpointInterval) return
    examined = 0
    buffer.push(checkpointMessage(event.position, event.position))
  })
  sender.left.addEventListener('abort', stop)
  await sender.send(caughtUpMessage())
  await buffer.pump()
}
