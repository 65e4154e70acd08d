import { EventStoreDBClient } from '@eventstore/db-client'
import { within } from './within.js'

/**
 * Discovery, connection and the server's features, together. A leader that stands still is named by the others until they have
 * elected another, some seconds: an attempt that has begun meanwhile must not outlast the election for long.
 */
const OPEN_MS_MAX = 2_500

/** What the client keeps to itself and whoever replaces it must have: `dispose()` leaves the channel open. */
interface Insides {
  readonly capabilities: Promise<unknown>
  getChannel(): Promise<{ close(): void }>
}

/**
 * One client object that has found its server and asked for its features. Used until its first failure of connection and
 * never after it: the client's own recovery remembers failures, and does at unknown times what nobody waits for any more.
 */
export class Connection {
  private over = false

  private constructor(
    readonly client: EventStoreDBClient,
    private readonly channel: { close(): void },
  ) {}

  /** @throws Error or NoAnswer; nothing is left of the attempt then. */
  static async open(connectionString: string): Promise<Connection> {
    const client = EventStoreDBClient.connectionString(connectionString)
    const inside = client as unknown as Insides
    const opening = inside.capabilities.then(() => inside.getChannel())
    try {
      return new Connection(client, await within(OPEN_MS_MAX, 'connecting to EventStoreDB', () => opening))
    } catch (error) {
      // It may still come up behind our back; an open channel would keep the process alive.
      opening.then(
        (channel) => channel.close(),
        () => undefined,
      )
      throw error
    }
  }

  /** What was read on a connection that is over may be a part only: a cancelled read ends as if it were complete. */
  get isOver(): boolean {
    return this.over
  }

  /** Cancels every call. Resolves when their failures were told: only then may another client append. */
  async end(): Promise<void> {
    this.over = true
    await this.client.dispose()
    this.channel.close()
  }
}
