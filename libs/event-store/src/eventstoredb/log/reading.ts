import { BACKWARDS, END, type FORWARDS, type Position, type ResolvedEvent, type START } from '@eventstore/db-client'
import { collect } from '../client/collect.js'
import { type Connections } from '../client/connections.js'
import { insist } from '../client/insist.js'
import { PATIENCE } from '../patience.js'

/** Events a read asks for at a time; it gets fewer where they are large, see `collect`. */
export const PAGE = 500

/** All reads are the leader's: a follower may not have what was acknowledged. */
const LEADER = { requiresLeader: true } as const

/** Of a stream. */
export interface StreamPage {
  readonly events: readonly ResolvedEvent[]
  /** The stream has no more in this direction. */
  readonly isLast: boolean
}

/** Pages of streams and of the whole log; errors are the port's. */
export class Reading {
  constructor(
    private readonly connections: Connections,
    readonly patience = PATIENCE,
  ) {}

  /** @param count at least 1: the server refuses or hangs on none. */
  async stream(
    name: string,
    from: bigint | typeof START | typeof END,
    direction: typeof FORWARDS | typeof BACKWARDS,
    count: number,
  ): Promise<StreamPage> {
    if (count < 1) throw new RangeError('a page has at least one event')
    const options = { ...LEADER, direction, fromRevision: from, maxCount: count }
    const { events, isCut } = await insist(
      this.connections,
      { what: `reading stream "${name}"`, ...this.patience.read },
      (connection, goesOn) => collect(connection, connection.client.readStream(name, options), goesOn),
    )
    return { events, isLast: events.length < count && !isCut }
  }

  /**
   * Of the whole server, inclusive forwards, exclusive backwards. Only a page without events says that there are no more.
   *
   * @param count at least 1: none would hang for ever.
   */
  async all(
    from: Position | typeof START | typeof END,
    direction: typeof FORWARDS | typeof BACKWARDS,
    count: number,
  ): Promise<readonly ResolvedEvent[]> {
    if (count < 1) throw new RangeError('a page has at least one event')
    const options = { ...LEADER, direction, fromPosition: from, maxCount: count }
    const patience = { what: 'reading the log', ...this.patience.read }
    const { events } = await insist(this.connections, patience, (connection, goesOn) =>
      collect(connection, connection.client.readAll(options), goesOn),
    )
    return events
  }

  /** The last event on the server, whoever's: does the log answer at all? Replaces the connection when it does not. @throws StoreUnavailable */
  async end(): Promise<ResolvedEvent | undefined> {
    return (await this.all(END, BACKWARDS, 1))[0]
  }
}
