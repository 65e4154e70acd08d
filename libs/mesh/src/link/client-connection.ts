import { type TLSSocket } from 'node:tls'
import { LinkError, RemoteError } from '../errors.js'
import { type Identity } from '../identity/identity.js'
import { type Limits } from '../limits.js'
import { FrameSocket } from '../wire/frames.js'
import { Kind, type Message, PROTOCOL_VERSION } from '../wire/messages.js'

export interface ConnectionEvents {
  up(): void
  /** The server drains: finish what is pending here, send what is new elsewhere. */
  goingAway(): void
  violation(reason: string): void
}

/** Receives what the server sends for one subscription. */
export interface StreamSink {
  item(value: unknown): void
  end(error?: Error): void
}

interface Pending {
  readonly timeout_ms: number
  readonly deadline_ms: number
  resolve(value: unknown): void
  reject(error: Error): void
  /** Stops listening to the caller's signal, if there is one. */
  forget?: (() => void) | undefined
}

/** How late a timeout may be noticed: one sweep over what is pending costs less than a timer for each. */
const SWEEP_MS = 20

/** The client's end of one socket whose peer is checked: requests and subscriptions by id. */
export class ClientConnection {
  private readonly frames: FrameSocket
  private readonly pending = new Map<number, Pending>()
  private readonly sinks = new Map<number, StreamSink>()
  /** Only while something is pending. */
  private sweeping: NodeJS.Timeout | undefined
  private lastId = 0
  private isUp = false

  constructor(
    private readonly socket: TLSSocket,
    identity: Identity,
    private readonly limits: Limits,
    private readonly events: ConnectionEvents,
  ) {
    socket.setNoDelay(true)
    this.frames = new FrameSocket(socket, limits.frame_bytes_max, {
      message: (message) => this.receive(message),
      violation: (reason) => events.violation(reason),
    })
    const heartbeat = setInterval(() => this.beat(), limits.heartbeat_ms)
    socket.once('close', () => {
      clearInterval(heartbeat)
      this.failAll(new LinkError('unavailable', 'the link broke', true))
    })
    this.frames.send([Kind.hello, PROTOCOL_VERSION, identity.role, identity.instance])
  }

  async request(method: string, payload: unknown, timeout_ms: number, signal?: AbortSignal): Promise<unknown> {
    if (this.pending.size >= this.limits.in_flight_max)
      throw new LinkError('overloaded', 'too many requests in flight', false)
    const id = this.send((each) => [Kind.request, each, method, timeout_ms, payload])
    return new Promise<unknown>((resolve, reject) => {
      const pending: Pending = { timeout_ms, deadline_ms: performance.now() + timeout_ms, resolve, reject }
      this.pending.set(id, pending)
      this.sweeping ??= setTimeout(() => this.sweep(), SWEEP_MS)
      if (!signal) return
      const abort = (): void =>
        this.give(id, new LinkError('closed', 'the caller gave up', true, { cause: signal.reason }))
      if (signal.aborted) abort()
      else {
        signal.addEventListener('abort', abort, { once: true })
        pending.forget = () => signal.removeEventListener('abort', abort)
      }
    })
  }

  /** Nobody waits for this one any longer. */
  private give(id: number, error: LinkError): void {
    const pending = this.settle(id)
    if (!pending) return
    if (!this.socket.destroyed) this.frames.send([Kind.cancel, id])
    pending.reject(error)
  }

  private sweep(): void {
    const now_ms = performance.now()
    for (const [id, { deadline_ms, timeout_ms }] of this.pending)
      if (deadline_ms <= now_ms) this.give(id, new LinkError('timeout', `no answer within ${timeout_ms} ms`, true))
    this.sweeping = this.pending.size > 0 ? setTimeout(() => this.sweep(), SWEEP_MS) : undefined
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id)
    this.pending.delete(id)
    pending?.forget?.()
    return pending
  }

  open(method: string, payload: unknown, credit: number, sink: StreamSink): number {
    const id = this.send((each) => [Kind.subscribe, each, method, credit, payload])
    this.sinks.set(id, sink)
    return id
  }

  grant(id: number, more: number): void {
    if (this.sinks.has(id) && !this.socket.destroyed) this.frames.send([Kind.credit, id, more])
  }

  leave(id: number): void {
    if (this.sinks.delete(id) && !this.socket.destroyed) this.frames.send([Kind.cancel, id])
  }

  async close(): Promise<void> {
    this.failAll(new LinkError('closed', 'the link was closed', true))
    this.frames.flush()
    await new Promise<void>((resolve) => {
      if (this.socket.destroyed) return resolve()
      this.socket.once('close', () => resolve())
      this.socket.end(() => this.socket.destroy())
      setTimeout(() => this.socket.destroy(), 200).unref()
    })
  }

  /** @throws LinkError `refused` when the message cannot be sent at all, `unavailable` when the socket is gone. */
  private send(message: (id: number) => Message): number {
    if (this.socket.destroyed) throw new LinkError('unavailable', 'the link broke', false)
    this.lastId += 1
    try {
      this.frames.send(message(this.lastId))
    } catch (error) {
      throw new LinkError('refused', error instanceof Error ? error.message : 'cannot be encoded', false, {
        cause: error,
      })
    }
    return this.lastId
  }

  private beat(): void {
    if (performance.now() - this.frames.heard_ms > this.limits.dead_ms) this.socket.destroy()
    else if (this.isUp) this.frames.send([Kind.ping])
  }

  private failAll(error: Error): void {
    for (const each of this.pending.values()) each.reject(error)
    this.pending.clear()
    for (const sink of this.sinks.values()) sink.end(error)
    this.sinks.clear()
  }

  private endStream(id: number, error?: Error): void {
    const sink = this.sinks.get(id)
    this.sinks.delete(id)
    sink?.end(error)
  }

  private receive(message: Message): void {
    if (!this.isUp) {
      if (message[0] !== Kind.welcome) return this.events.violation('the first message is no welcome')
      this.isUp = true
      return this.events.up()
    }
    switch (message[0]) {
      case Kind.result:
        return this.settle(message[1])?.resolve(message[2])
      case Kind.failure: {
        const [, id, code, text, retryable, details] = message
        return this.fail(id, new RemoteError(code, text, retryable, details))
      }
      case Kind.refusal:
        return this.fail(message[1], new LinkError(message[2], message[3], false))
      case Kind.item:
        return this.sinks.get(message[1])?.item(message[2])
      case Kind.end:
        return this.endStream(message[1])
      case Kind.goAway:
        return this.events.goingAway()
      case Kind.ping:
        return
      default:
        return this.events.violation(`a message of kind ${message[0]}`)
    }
  }

  private fail(id: number, error: Error): void {
    this.settle(id)?.reject(error)
    this.endStream(id, error)
  }
}
