import {
  type AllStreamSubscription,
  eventTypeFilter,
  excludeSystemEvents,
  type Position,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client'
import { eventually } from '../../eventually.js'
import { describeError } from './describe.js'
import { isObject, type Json, type JsonObject, plain, text } from './json.js'
import { optionsOf } from './perform.js'
import { type Session } from './session.js'
import { type Call } from './transcript.js'

/** What a subscription of the client emits, in the form of the records. */
export class Watch {
  readonly events: JsonObject[] = []
  readonly checkpoints: Json[] = []

  private constructor(private readonly subscription: AllStreamSubscription | StreamSubscription) {
    for (const name of ['confirmation', 'caughtUp', 'end', 'close'])
      subscription.on(name as 'end', () => this.events.push({ event: name }))
    subscription.on('error', (error: Error) => this.events.push({ event: 'error', error: describeError(error) }))
    // One listener for both kinds; the union of their signatures has none.
    ;(subscription as AllStreamSubscription).on('data', ({ event }) => {
      if (event === undefined) throw new Error('an event without an event')
      const { type, streamId: stream, revision, position } = event
      this.events.push(plain({ event: 'data', type, stream, revision, position }) as JsonObject)
    })
  }

  /** Subscribes as recorded. */
  static start(session: Session, { method, args }: Call, byStream: boolean): Watch {
    const checkpoints: Json[] = []
    const note = (_: unknown, position: Position): void => void checkpoints.push({ checkpoint: plain(position) })
    const subscription = method.startsWith('subscribeToStream')
      ? session.client.subscribeToStream(text(args[0]), optionsOf(session, args[1]))
      : session.client.subscribeToAll(withFilter(optionsOf(session, args[0]), byStream, note))
    const watch = new Watch(subscription)
    return Object.assign(watch, { checkpoints })
  }

  has(event: string): boolean {
    return this.events.some((seen) => seen['event'] === event)
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    await eventually(what, holds)
  }

  /** Unsubscribes, unless the server has ended it. */
  async stop(): Promise<void> {
    if (this.has('error')) return
    await this.subscription.unsubscribe()
    await eventually('the subscription has closed', () => this.has('close'))
  }
}

type Checkpointed = (subscription: unknown, position: Position) => void

function withFilter(options: Record<string, unknown>, byStream: boolean, checkpointReached: Checkpointed): object {
  const { filter } = options
  if (!isObject(filter)) return options
  const { fn, prefixes, regex, ...window } = filter as Record<string, unknown>
  if (fn === 'excludeSystemEvents') return { ...options, filter: excludeSystemEvents({ checkpointReached }) }
  const by = byStream ? streamNameFilter : eventTypeFilter
  const filterOf =
    prefixes === undefined
      ? by({ ...window, regex: regex as string, checkpointReached })
      : by({ ...window, prefixes: prefixes as string[], checkpointReached })
  return { ...options, filter: filterOf }
}
