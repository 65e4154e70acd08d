import { type AppendRequest, type EventStore } from '#event-store'
import { type Operation } from '../log-checker/history.js'
import { type Random } from '../random.js'
import { AppendMaker } from './append-maker.js'
import { recordAppend } from './record-append.js'

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
}

/** Old appends that a client may send again. */
const REMEMBERED = 64

/**
 * One client: appends of every kind under load, each sent until its outcome is known, and now and then one that was
 * acknowledged long ago once more, which must be answered as it was.
 */
export async function runClient(store: EventStore, options: ClientOptions): Promise<void> {
  const { client, random, shared, in_flight, next, signal, onOperation } = options
  const maker = new AppendMaker({ client, random, shared })
  const settled: AppendRequest[] = []
  let ownIsBusy = false
  let sent = 0
  const choose = (): AppendRequest => {
    if (settled.length > 0 && random.chance(0.05)) return random.pick(settled)
    return !ownIsBusy && random.chance(0.3) ? maker.exact() : maker.any()
  }
  const one = async (): Promise<void> => {
    const request = choose()
    const isOwn = request.commandId.stream === maker.own && !settled.includes(request)
    if (isOwn) ownIsBusy = true
    const { operation, answer } = await recordAppend(store, request, { client, signal })
    onOperation(operation)
    if (isOwn) ownIsBusy = false
    if (isOwn && answer && 'revision' in answer) maker.revision = answer.revision
    if (operation.result.kind !== 'acknowledged' || settled.includes(request)) return
    settled.push(request)
    if (settled.length > REMEMBERED) settled.shift()
  }
  const lane = async (): Promise<void> => {
    while (!signal.aborted && (await next(sent))) {
      sent += 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: in_flight }, lane))
}
