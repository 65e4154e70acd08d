import { type ServerInterceptor } from '@grpc/grpc-js'
import { type ClusterState } from './node/cluster-state.js'
import { Link, type Silence } from './node/link.js'
import { Node, type NodeLimits } from './node/node.js'
import { serve, type Serving, type TlsIdentity } from './node/serve.js'

export interface EventStoreDoubleOptions {
  /** Default 1,048,576, the server's own. */
  readonly appendMax_bytes?: number
  /** Default 2,000, the server's own: ms. */
  readonly writeTimeout_ms?: number
  /**
   * Events that may wait for a live subscriber before it is dropped. Default 240: a listener in a process of its own
   * survived one append of 200 events and was dropped by one of 500.
   */
  readonly liveBuffer?: number
  /** Events whose ids the memory holds. Default 100,000. */
  readonly recentEvents?: number
  /** Whether it answers the call for its features; a server before 21.10 does not. Default true. */
  readonly tellsFeatures?: boolean
  /** Served by TLS with this key and certificate, both PEM. Default: plain. */
  readonly tls?: TlsIdentity
  /** For a test that looks at what is said. */
  readonly interceptors?: readonly ServerInterceptor[]
  /** Default 0: a free one. */
  readonly port?: number
}

const DEFAULTS: NodeLimits = {
  appendMax_bytes: 1_048_576,
  writeTimeout_ms: 2_000,
  liveBuffer: 240,
  recentEvents: 100_000,
}

/** One server of a double, with its faults as switches. */
export class EventStoreDoubleNode {
  private constructor(
    private readonly node: Node,
    private readonly serving: Serving,
  ) {}

  static async open(cluster: ClusterState, options: EventStoreDoubleOptions): Promise<EventStoreDoubleNode> {
    const { tellsFeatures = true, interceptors = [], port = 0, tls, ...limits } = options
    const serving = await serve(() => node, { tellsFeatures, interceptors, tls })
    const link = await Link.open(serving.port, port)
    const node = new Node(cluster, { ...DEFAULTS, ...limits }, link)
    return new EventStoreDoubleNode(node, serving)
  }

  get port(): number {
    return this.node.link.port
  }

  /** For a client that connects to this server only. */
  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`
  }

  get leads(): boolean {
    return this.node.leads
  }

  /** Live subscriptions whose calls have not ended. */
  get subscriptions(): number {
    return this.node.replica.listeners
  }

  /** From here on appends without an exact expectation are no longer known by their ids, as after a restart. */
  forgetRecent(): void {
    this.node.recent.clear()
  }

  /** Breaks every connection; new ones are accepted. */
  cut(): void {
    this.node.link.cut()
  }

  /** The next `times` appends lose their connection in place of being written. */
  cutBeforeCommit(times = 1): void {
    this.node.cutsBeforeCommit = times
  }

  /** The next `times` appends that write something lose their connection after it, in place of the answer. */
  cutBeforeAck(times = 1): void {
    this.node.cutsBeforeAck = times
  }

  /** Total silence on every connection, keepalive included, until `speak`. */
  silence(way: Silence = 'both'): void {
    this.node.link.silence(way)
  }

  speak(): void {
    this.node.link.speak()
  }

  /** Refuses connections, and breaks those there are. */
  refuse(): Promise<void> {
    return this.node.link.refuse()
  }

  accept(): Promise<void> {
    return this.node.link.accept()
  }

  /** Answers as a server does that still starts. */
  becomeUnready(): void {
    this.node.ready = false
  }

  becomeReady(): void {
    this.node.ready = true
  }

  /** Ends it as kill -9 does: connections and memory are gone, the log stays. A leader stops leading. */
  async kill(): Promise<void> {
    this.node.alive = false
    if (this.leads) {
      this.node.cluster.leader = undefined
      this.node.cluster.loseStalled()
    }
    this.forgetRecent()
    await this.refuse()
  }

  /** Starts it after `kill`, ready at once: as a follower, or leading when nobody else is there. */
  async start(): Promise<void> {
    this.node.alive = true
    if (this.node.cluster.members.length === 1) this.node.cluster.leader = this.node
    await this.accept()
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** Makes it the leader: what it remembers of ids is its own. */
  lead(): void {
    this.node.cluster.leader = this.node
  }

  /** Shows reads and subscriptions here nothing newer, as a follower that lags, until `followUp`. */
  lag(): void {
    this.node.replica.hold()
  }

  followUp(): void {
    this.node.replica.release()
  }

  async close(): Promise<void> {
    this.node.alive = false
    await this.refuse()
    this.serving.stop()
  }
}
