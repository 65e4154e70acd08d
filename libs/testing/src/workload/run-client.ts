import { type AppendRequest, type EventStore } from '#event-store'
import { type Operation } from '../log-checker/history.js'
import { type Random } from '../random.js'
import { AppendMaker } from './append-maker.js'
import { recordAppend } from './record-append.js'
import { Sample } from './sample.js'

export interface ClientOptions {
  readonly client: string
  readonly random: Random
  readonly shared: readonly string[]
  /** Appends that may be on their way at one time. */
  readonly in_flight: number
  /** Before an append is sent, given how many were before; resolves to false when there shall be no more. */
  readonly next: (sent: number) => Promise<boolean>
  /** Ends the asking for outcomes too. */
  readonly signal: AbortSignal
  readonly onOperation: (operation: Operation) => void
  /** An append was not taken now, and is sent again. */
  readonly onRefused?: () => void
}

/** Earlier appends that a client may come back to, of all that it has sent. */
const REMEMBERED = 20_000

/** Something to send, and what must come of it. */
interface Choice {
  readonly request: AppendRequest
  readonly expected: NonNullable<Operation['expected']>
  /** Was never sent before. */
  readonly isNew: boolean
}

/**
 * One client: appends of every kind under load, each sent until its outcome is known. Now and then it comes back to one that was
 * acknowledged, however long ago: sends it once more, which must be answered as it was; or asks for something else under its key, or for
 * what it has claimed, which must be refused.
 */
export async function runClient(store: EventStore, options: ClientOptions): Promise<void> {
  const { client, random, shared, in_flight, next, signal, onOperation, onRefused } = options
  const maker = new AppendMaker({ client, random, shared })
  const settled = new Sample<AppendRequest>(REMEMBERED, random)
  let ownIsBusy = false
  let sent = 0
  const choose = (): Choice => {
    const earlier = random.chance(0.1) ? settled.pick() : undefined
    if (earlier) return comeBack(maker, random, earlier)
    const request = !ownIsBusy && random.chance(0.3) ? maker.exact() : maker.any()
    return { request, expected: 'acknowledged', isNew: true }
  }
  const one = async (): Promise<void> => {
    const { request, expected, isNew } = choose()
    const isOwn = isNew && request.commandId.stream === maker.own
    if (isOwn) ownIsBusy = true
    const { operation, answer } = await recordAppend(store, request, {
      client,
      expected,
      signal,
      ...(onRefused ? { onRefused } : {}),
    })
    onOperation(operation)
    if (isOwn) ownIsBusy = false
    if (isOwn && answer && 'revision' in answer) maker.revision = answer.revision
    if (isNew && operation.result.kind === 'acknowledged') settled.add(request)
  }
  const lane = async (): Promise<void> => {
    while (!signal.aborted && (await next(sent))) {
      sent += 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: in_flight }, lane))
}

function comeBack(maker: AppendMaker, random: Random, earlier: AppendRequest): Choice {
  // On the client's own stream an append that was let in by mistake would upset all that follow: that is another test.
  const isOwn = earlier.commandId.stream === maker.own
  const [claim] = earlier.claims ?? []
  if (!isOwn && random.chance(0.25)) return { request: maker.reused(earlier), expected: 'refused', isNew: false }
  if (!isOwn && claim && random.chance(0.5))
    return { request: maker.claiming(claim), expected: 'refused', isNew: false }
  return { request: earlier, expected: 'acknowledged', isNew: false }
}
