import { connect as tlsConnect, type TLSSocket } from 'node:tls'
import {
  type ConnectOptions,
  type Link,
  type LinkState,
  type RequestOptions,
  type SubscribeOptions,
} from '../contract.js'
import { LinkError } from '../errors.js'
import { type Limits, limitsWith } from '../limits.js'
import { type Logger, silent } from '../logger.js'
import { Sleepers } from '../sleepers.js'
import { ClientConnection } from './client-connection.js'
import { closeWhenRevoked, provenKey, TLS_OPTIONS } from './peer-check.js'
import { readStream } from './read-stream.js'

/** Keeps one link to one of the endpoints up, reconnecting with full jitter (Brooker, "Exponential Backoff And Jitter"). */
export function connect(options: ConnectOptions): Link {
  return new ReconnectingLink(options, limitsWith(options.limits), options.logger ?? silent)
}

class ReconnectingLink implements Link {
  state: LinkState = 'connecting'
  private connection: ClientConnection | undefined
  /** The one socket there is: dialling, up, or draining. */
  private socket: TLSSocket | undefined
  private readonly listeners = new Set<(state: LinkState) => void>()
  private readonly waiting = new Sleepers()
  private attempt = 0
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly options: ConnectOptions,
    private readonly limits: Limits,
    private readonly logger: Logger,
  ) {
    this.dial()
  }

  async request(method: string, payload: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { timeout_ms = this.limits.timeout_ms, signal } = options
    const deadline_ms = performance.now() + timeout_ms
    const connection = this.connection ?? (await this.connected(deadline_ms, signal))
    return connection.request(method, payload, Math.max(1, deadline_ms - performance.now()), signal)
  }

  async *subscribe(method: string, payload: unknown, options: SubscribeOptions = {}): AsyncGenerator {
    const { signal, credit = 256 } = options
    const connection = this.connection ?? (await this.connected(performance.now() + this.limits.timeout_ms, signal))
    yield* readStream(connection, method, payload, Math.min(credit, this.limits.credit_max), signal)
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async close(): Promise<void> {
    clearTimeout(this.timer)
    this.become('closed')
    this.waiting.wake()
    await this.connection?.close()
    // Without a connection it is still dialling or draining, and would outlive the link.
    this.socket?.destroy()
  }

  private become(state: LinkState): void {
    if (this.state === 'closed' || this.state === state) return
    this.state = state
    for (const listener of this.listeners) listener(state)
  }

  private async connected(deadline_ms: number, signal?: AbortSignal): Promise<ClientConnection> {
    if (this.waiting.size >= this.limits.in_flight_max)
      throw new LinkError('overloaded', 'too many requests wait for a connection', false)
    while (!this.connection) {
      if (this.state === 'closed') throw new LinkError('closed', 'the link was closed', false)
      if (signal?.aborted) throw new LinkError('closed', 'the caller gave up', false, { cause: signal.reason })
      if (performance.now() >= deadline_ms) throw new LinkError('timeout', `no ${this.options.role} in time`, false)
      await this.waiting.sleep(deadline_ms - performance.now(), signal)
    }
    return this.connection
  }

  private dial(): void {
    const { endpoints, identity, allowList, role } = this.options
    const endpoint = endpoints[this.attempt % endpoints.length] ?? ''
    const [host = '127.0.0.1', port = ''] = endpoint.split(':')
    const socket: TLSSocket = tlsConnect({
      ...TLS_OPTIONS,
      host,
      port: Number(port),
      key: identity.keyPem,
      cert: identity.certPem,
      rejectUnauthorized: false, // the key is checked by hand below, before the first write
      checkServerIdentity: () => undefined,
    })
    this.socket = socket
    const fail = (reason: string): void => {
      this.logger.debug({ endpoint, reason }, 'link not established')
      socket.destroy()
    }
    const hello = setTimeout(() => fail('no welcome in time'), this.limits.hello_ms)
    socket.on('error', (error: Error) => this.logger.debug({ endpoint, reason: error.message }, 'link socket failed'))
    socket.once('close', () => {
      clearTimeout(hello)
      this.connection = undefined
      if (this.state === 'closed') return
      this.become('connecting')
      this.later()
    })
    socket.once('secureConnect', () => {
      const key = provenKey(socket)
      if (typeof key === 'string') return fail(key)
      const entry = allowList.find(key.spki, role)
      if (!entry) return fail(`key ${key.spki} is not allowed as "${role}"`)
      closeWhenRevoked(socket, allowList, { role, instance: entry.instance, spki: key.spki }, key.validTo_ms)
      const connection = new ClientConnection(socket, identity, this.limits, {
        up: () => {
          clearTimeout(hello)
          this.attempt = 0
          this.connection = connection
          this.logger.info({ endpoint, peer: entry.instance }, 'link up')
          this.become('up')
          this.waiting.wake()
        },
        goingAway: () => {
          if (this.connection === connection) this.connection = undefined
          this.become('connecting')
        },
        violation: fail,
      })
    })
  }

  private later(): void {
    const bound_ms = Math.min(this.limits.backoff_ms_max, this.limits.backoff_ms_min * 2 ** this.attempt)
    this.attempt += 1
    this.timer = setTimeout(() => this.dial(), Math.random() * bound_ms)
  }
}
