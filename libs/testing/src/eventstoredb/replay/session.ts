import { type EventData, EventStoreDBClient } from '@eventstore/db-client'
import { type EventStoreDouble } from '../double.js'
import { openEventStoreDouble } from '../open-double.js'
import { type EventStoreDoubleOptions } from '../double-node.js'
import { isObject, type Json } from './json.js'
import { Likeness } from './likeness.js'
import { type RecordedRpc, type Transcript } from './transcript.js'
import { type WireRpc, Wiretap } from './wiretap.js'

const NAME = 'replay'
const OK = 0
const CANCELLED = 1
/**
 * So that what the server gives up by itself does not reach a client that the test has already let go, and a client on a slow machine does
 * not give up what the record has an answer to.
 */
const NEVER_MS = 600_000

/** One record being replayed: a double, the client that the record is of, and another one that prepares the log. */
export class Session {
  readonly likeness = new Likeness()

  private constructor(
    readonly recorded: Transcript,
    readonly double: EventStoreDouble,
    readonly client: EventStoreDBClient,
    private readonly other: EventStoreDBClient,
    private readonly wiretap: Wiretap,
  ) {}

  /** @param hosts  where the recorded client connects: by default the first node. */
  static async open(
    recorded: Transcript,
    options: EventStoreDoubleOptions & { readonly nodes?: number } = {},
    hosts: (double: EventStoreDouble) => string = ({ nodes: [first] }) => `127.0.0.1:${first.port}`,
  ): Promise<Session> {
    const wiretap = new Wiretap()
    const double = await openEventStoreDouble({
      writeTimeout_ms: NEVER_MS,
      interceptors: [wiretap.interceptor],
      ...options,
    })
    const url = recorded.connection_string.replace(/127\.0\.0\.1:\d+(,127\.0\.0\.1:\d+)*/, hosts(double))
    const client = EventStoreDBClient.connectionString(`${url}&connectionName=${NAME}&defaultDeadline=${NEVER_MS}`)
    const other = EventStoreDBClient.connectionString(double.nodes[0].url)
    return new Session(recorded, double, client, other, wiretap)
  }

  /** Appends as someone else, by the rpc that shares nothing with the client of the record. */
  async append(stream: string, events: EventData[]): Promise<bigint> {
    const credentials = { username: 'admin', password: 'changeit' }
    const { position } = await this.other.appendToStream(stream, events, { credentials, deadline: 60_000 })
    return position?.commit ?? 0n
  }

  /** Does something else, as someone else. */
  asOther(): EventStoreDBClient {
    return this.other
  }

  /** The rpcs of the client of the record. */
  get rpcs(): readonly WireRpc[] {
    return this.wiretap.rpcs.filter(({ connection }) => connection === undefined || connection === NAME)
  }

  /** What large data is filled with: the record of the wire shows its beginning. */
  readonly byteOf = (id: string): number => {
    const messages = (this.recorded.rpcs ?? []).flatMap(({ requests }) => requests.map(({ decoded }) => decoded))
    const proposed = messages.flatMap((message) => proposals(message))
    const data = proposed.find((event) => JSON.stringify(event['id'] ?? null).includes(id))?.['data']
    return typeof data === 'string' ? (Buffer.from(data.slice(0, 4), 'base64')[0] ?? 0) : 0
  }

  /**
   * Lets everything go. @param wire  `none` when the record has no whole rpcs; `beginning` when more was sent here than
   * recorded. @returns how what happened differs from the record.
   */
  async finish(wire: 'whole' | 'beginning' | 'none' = 'whole'): Promise<readonly string[]> {
    const rpcs = [...this.rpcs]
    await this.close()
    if (wire !== 'none') this.#compareWire(this.recorded.rpcs ?? [], rpcs, wire === 'beginning')
    return this.likeness.verdict()
  }

  async close(): Promise<void> {
    await this.client.dispose()
    await this.other.dispose()
    await this.double.close()
  }

  #compareWire(recorded: readonly RecordedRpc[], actual: readonly WireRpc[], beginning: boolean): void {
    this.likeness.compare(
      recorded.map(({ method }) => method),
      actual.map(({ method }) => method),
      'rpcs',
    )
    for (const [index, before] of recorded.entries()) {
      const now = actual[index]
      if (now === undefined) return
      const path = `rpcs[${index}] ${before.method}`
      this.likeness.compare(before.request_metadata, now.metadata, `${path}.metadata`)
      this.#compareMessages(before.requests, now.requests, `${path}.requests`)
      // What the server supports is recorded once, in the record of that name.
      const responses = beginning ? now.responses.slice(0, before.responses.length) : now.responses
      this.#compareMessages(before.responses, responses, `${path}.responses`)
      // How a cancelled call ended is known to its client only.
      if (before.status.code !== CANCELLED) this.#compareStatus(before.status, now.status, `${path}.status`)
    }
  }

  #compareMessages(recorded: readonly { decoded?: Json }[], actual: readonly Json[], path: string): void {
    const complete = recorded.every((message) => 'decoded' in message)
    const messages = recorded.filter((message) => 'decoded' in message)
    if (complete) this.likeness.compare(messages.length, actual.length, `${path}.length`)
    for (const [index, { decoded }] of messages.entries())
      if (typeof decoded !== 'string') this.likeness.compare(decoded, actual[index], `${path}[${index}]`)
  }

  #compareStatus(recorded: RecordedRpc['status'], actual: WireRpc['status'], path: string): void {
    const { 'content-length': _, ...trailers } = recorded.trailing_metadata
    this.likeness.compare(recorded.code, actual?.code, `${path}.code`)
    if (recorded.code !== OK) this.likeness.compare(recorded.details, actual?.details, `${path}.details`)
    this.likeness.compare(trailers, actual?.trailers ?? {}, `${path}.trailers`)
  }
}

function proposals(message: Json | undefined): readonly Record<string, Json | undefined>[] {
  if (!isObject(message)) return []
  const { proposedMessage, proposedMessagesList } = message
  return [proposedMessage, ...(Array.isArray(proposedMessagesList) ? (proposedMessagesList as Json[]) : [])].filter(
    isObject,
  )
}
