import { type AllStreamSubscription, type Position, type ResolvedEvent } from '@eventstore/db-client'
import { type Connection } from '../client/connection.js'
import { within } from '../client/within.js'
import { type Wanted } from '../../wanted.js'
import { placeOfPosition, positionOf } from '../position.js'
import { Mailbox } from './mailbox.js'
import { logged } from './recorded.js'
import { type StreamNames } from './streams.js'

const CONFIRM_MS_MAX = 5_000

/**
 * One subscription of the client, from its confirmation to its end. That it ends is normal: a server drops who is too slow, a
 * leader goes. Its error may overtake events that were sent before; whoever goes on does so from what has arrived.
 */
export class LiveRead {
  readonly mailbox: Mailbox
  /** Why it ended, if anybody said so. */
  failure: unknown
  private subscription: AllStreamSubscription | undefined
  /** The server has looked at everything up to here; some of it may wait in the client's own buffer. */
  private checked = 0n

  private constructor(
    readonly connection: Connection,
    private readonly streams: StreamNames,
    after: bigint,
    private readonly wanted: Wanted | undefined,
  ) {
    this.mailbox = new Mailbox(after, (isShut) => (isShut ? this.subscription?.pause() : this.subscription?.resume()))
  }

  /**
   * @param wanted the rest comes all the same, because a server that passes it over seldom says how far it is.
   * @param boundary where the server is asked to begin: the last event of any kind at `after` or before it.
   * @throws what it failed with before it was confirmed.
   */
  static async open(
    connection: Connection,
    streams: StreamNames,
    after: bigint,
    wanted?: Wanted,
    boundary = after,
  ): Promise<LiveRead> {
    const live = new LiveRead(connection, streams, after, wanted)
    await within(CONFIRM_MS_MAX, 'subscribing to the log', () => live.start(boundary)).catch((error: unknown) => {
      live.cancel()
      throw error
    })
    return live
  }

  /** Every listener is there at once: without one for errors, or with one that throws, the process would end. */
  private async start(boundary: bigint): Promise<void> {
    const filter = this.streams.filter((at) => this.checkpoint(at))
    const subscription = this.connection.client.subscribeToAll({
      fromPosition: placeOfPosition(boundary),
      filter,
      requiresLeader: true,
    })
    this.subscription = subscription
    await new Promise<void>((resolve, reject) => {
      const over = (error?: unknown): void => {
        this.failure ??= error
        this.mailbox.end()
        reject(error instanceof Error ? error : new Error('the subscription ended before it began'))
      }
      subscription.on('error', over)
      subscription.on('end', () => over())
      subscription.on('close', () => over())
      subscription.on('confirmation', () => resolve())
      subscription.on('data', (resolved) => {
        try {
          this.receive(resolved)
        } catch (error) {
          over(error)
          this.cancel()
        }
      })
    })
  }

  /** Leaving a `for await` does not cancel the call; this does. */
  cancel(): void {
    this.subscription?.unsubscribe().catch(() => undefined)
  }

  private receive(resolved: ResolvedEvent): void {
    const own = logged(this.streams, resolved)
    if (own && own.event.position > this.mailbox.position) {
      if (this.wanted?.(own.event) === false) this.mailbox.reach(own.event.position)
      else this.mailbox.put(own.event)
    }
    this.reachChecked()
  }

  /**
   * In catch-up the server names the place up to which it has looked with prepare 0, and does not say whether the event there is among
   * what it has looked at.
   */
  private checkpoint({ commit, prepare }: Position): void {
    this.checked = prepare === commit ? positionOf(commit) : positionOf(commit) - 1n
    this.reachChecked()
  }

  /** Not while events wait in the client's own buffer: a checkpoint overtakes them, and counts when the last of them was received. */
  private reachChecked(): void {
    if (this.subscription?.readableLength === 0) this.mailbox.reach(this.checked)
  }
}
