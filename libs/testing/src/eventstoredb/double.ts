import { EventStoreDoubleNode, type EventStoreDoubleOptions } from './double-node.js'
import { type LoggedEvent } from './log/event.js'
import { ClusterState } from './node/cluster-state.js'

/**
 * A server, or a cluster, that speaks EventStoreDB's protocol to the real client on this host: log in memory, faults as
 * switches. It behaves as the recorded server does; a test replays the records against it.
 */
export class EventStoreDouble {
  private constructor(
    private readonly cluster: ClusterState,
    /** The first leads when it is opened. */
    readonly nodes: readonly [EventStoreDoubleNode, ...EventStoreDoubleNode[]],
    private readonly isTls: boolean,
  ) {}

  /** @param nodes  how many servers share the log: 1 or more. */
  static async open(nodes: number, options: EventStoreDoubleOptions): Promise<EventStoreDouble> {
    const cluster = new ClusterState()
    const leader = await EventStoreDoubleNode.open(cluster, options)
    leader.lead()
    const followers: EventStoreDoubleNode[] = []
    while (followers.length < nodes - 1)
      followers.push(await EventStoreDoubleNode.open(cluster, { ...options, port: 0 }))
    return new EventStoreDouble(cluster, [leader, ...followers], options.tls !== undefined)
  }

  /** Of the only server; of a cluster, all of them as gossip seeds. */
  get url(): string {
    return `esdb://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?tls=${this.isTls}`
  }

  /** The whole log in order, deleted and hidden events and those of the system included. */
  get events(): readonly LoggedEvent[] {
    return this.cluster.log.events
  }

  get leader(): EventStoreDoubleNode | undefined {
    return this.nodes.find((node) => node.leads)
  }

  /** No append is written until `resumeWrites`, as when the leader's disk stands still. Most time out meanwhile. */
  stallWrites(): void {
    this.cluster.stall()
  }

  /** Writes what waited, that which timed out included. */
  resumeWrites(): void {
    this.cluster.resume()
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }
}
