import { type TLSSocket } from 'node:tls'
import { type ListenOptions, type Peer } from '../contract.js'
import { LinkError } from '../errors.js'
import { type Limits } from '../limits.js'
import { type Logger } from '../logger.js'
import { FrameSocket } from '../wire/frames.js'
import { Kind, type Message, PROTOCOL_VERSION, type Request, type Subscribe } from '../wire/messages.js'
import { asFailure, unsendable } from './failure.js'
import { closeWhenRevoked, type ProvenKey } from './peer-check.js'
import { Running } from './running.js'
import { StreamWindow } from './stream-window.js'

/** Largest frame of a peer that has not said who it is. */
const HELLO_BYTES_MAX = 1_024
/** A peer that is not read from, because it is slow, is given up when it has taken nothing for so many times as long as one that is silent. */
const STUCK_FACTOR = 20

/** The server's end of one socket: nobody until the hello was checked, then requests and subscriptions of one peer. */
export class ServerConnection {
  peer: Peer | undefined
  private readonly frames: FrameSocket
  private readonly running = new Map<number, Running>()
  private readonly windows = new Map<number, StreamWindow>()
  private idle: (() => void) | undefined
  /** Subscriptions that wait until the peer takes what was sent. */
  private stalled: (() => void)[] = []
  /** Since when it is not read from, and has taken nothing of what was sent. */
  private stuckSince_ms = Infinity
  private taken_bytes = 0

  constructor(
    private readonly socket: TLSSocket,
    private readonly key: ProvenKey,
    private readonly options: ListenOptions,
    private readonly limits: Limits,
    private readonly logger: Logger,
  ) {
    socket.setNoDelay(true)
    this.frames = new FrameSocket(socket, limits.frame_bytes_max, {
      message: (message) => this.receive(message),
      violation: (reason) => this.reject(reason),
    })
    this.frames.incoming_bytes_max = Math.min(HELLO_BYTES_MAX, limits.frame_bytes_max)
    const hello = setTimeout(() => this.peer ?? this.reject('no hello in time'), limits.hello_ms)
    const heartbeat = setInterval(() => this.beat(), limits.heartbeat_ms)
    socket.on('drain', () => {
      if (socket.isPaused()) this.frames.heard_ms = performance.now()
      socket.resume()
      this.wakeStalled()
    })
    socket.once('close', () => {
      clearTimeout(hello)
      clearInterval(heartbeat)
      for (const each of this.running.values()) each.abort()
      this.wakeStalled()
      if (this.peer) logger.info({ peer: this.peer }, 'link down')
    })
  }

  /** Takes no more, lets requests finish for at most so long, ends the socket. */
  async drain(drain_ms: number): Promise<void> {
    if (this.peer) this.frames.send([Kind.goAway])
    for (const id of this.windows.keys()) this.running.get(id)?.abort()
    if (drain_ms > 0 && this.running.size > 0) await this.untilIdle(drain_ms)
    this.frames.flush()
    await new Promise<void>((resolve) => {
      if (this.socket.destroyed) return resolve()
      this.socket.once('close', () => resolve())
      this.socket.end(() => this.socket.destroy())
      setTimeout(() => this.socket.destroy(), 200).unref()
    })
  }

  private async untilIdle(drain_ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.idle = resolve
      timer = setTimeout(resolve, drain_ms)
    })
    clearTimeout(timer)
  }

  private reject(reason: string): void {
    this.logger.warn({ reason, address: this.socket.remoteAddress }, 'link refused')
    this.socket.destroy()
  }

  private beat(): void {
    if (this.socket.isPaused()) return this.beatUnheard()
    this.stuckSince_ms = Infinity
    if (performance.now() - this.frames.heard_ms > this.limits.dead_ms) return this.reject('the peer went silent')
    if (this.peer) this.frames.send([Kind.ping])
  }

  /** One that is not read from cannot be heard, and has enough to take without pings. */
  private beatUnheard(): void {
    const now_ms = performance.now()
    const taken_bytes = this.socket.bytesWritten - this.frames.unsent_bytes
    if (this.stuckSince_ms === Infinity || taken_bytes > this.taken_bytes) this.stuckSince_ms = now_ms
    this.taken_bytes = taken_bytes
    if (now_ms - this.stuckSince_ms > STUCK_FACTOR * this.limits.dead_ms) this.reject('the peer takes nothing')
  }

  private receive(message: Message): void {
    if (!this.peer) return this.greet(message)
    switch (message[0]) {
      case Kind.request:
        return this.handleRequest(message)
      case Kind.subscribe:
        return void this.handleSubscribe(message)
      case Kind.cancel:
        return this.running.get(message[1])?.abort()
      case Kind.credit:
        return this.windows.get(message[1])?.add(message[2], this.limits.credit_max)
      case Kind.ping:
        return
      default:
        return this.reject(`a message of kind ${message[0]}`)
    }
  }

  private greet(message: Message): void {
    if (message[0] !== Kind.hello) return this.reject('the first message is no hello')
    const [, version, role] = message
    if (version !== PROTOCOL_VERSION) return this.reject(`protocol ${version}, here is ${PROTOCOL_VERSION}`)
    const { key } = this
    const entry = this.options.accept.includes(role) ? this.options.allowList.find(key.spki, role) : undefined
    if (!entry) return this.reject(`key ${key.spki} is not allowed here as "${role}"`)
    this.peer = { role, instance: entry.instance, spki: key.spki }
    this.frames.incoming_bytes_max = this.limits.frame_bytes_max
    closeWhenRevoked(this.socket, this.options.allowList, this.peer, key.validTo_ms)
    const { identity } = this.options
    this.frames.send([Kind.welcome, PROTOCOL_VERSION, identity.role, identity.instance])
    this.logger.info({ peer: this.peer }, 'link up')
  }

  /** A slow reader is not read from: what it asked for waits with it. */
  private slowDown(): void {
    if (this.frames.unsent_bytes > this.limits.unsent_bytes_max) this.socket.pause()
  }

  /** Until the peer has taken enough of what was sent: credit bounds how many items are on their way, this how large they are. */
  private async room(): Promise<void> {
    while (this.frames.unsent_bytes > this.limits.unsent_bytes_max && !this.socket.destroyed)
      await new Promise<void>((resolve) => this.stalled.push(resolve))
  }

  private wakeStalled(): void {
    for (const wake of this.stalled.splice(0)) wake()
  }

  private begin(id: number, deadline_ms: number): Running {
    const running = new Running(this.peer as Peer, deadline_ms)
    this.running.set(id, running)
    return running
  }

  private finish(id: number, answer: Message): void {
    this.running.get(id)?.done()
    this.running.delete(id)
    if (this.windows.size > 0) this.windows.delete(id)
    if (this.running.size === 0) this.idle?.()
    if (this.socket.destroyed) return
    try {
      this.frames.send(answer)
    } catch (error) {
      this.frames.send(unsendable(id, error, this.logger))
    }
    this.slowDown()
  }

  private handleRequest([, id, method, timeout_ms, payload]: Request): void {
    const handler = Object.hasOwn(this.options.requests, method) ? this.options.requests[method] : undefined
    if (!handler) {
      this.finish(id, [Kind.refusal, id, 'refused', `there is no method "${method}"`])
      return
    }
    if (this.running.size >= this.limits.in_flight_max) {
      this.frames.send([Kind.refusal, id, 'overloaded', 'too many requests in flight'])
      return
    }
    const running = this.begin(id, performance.now() + timeout_ms)
    handler(payload, running).then(
      (value) => this.finish(id, [Kind.result, id, value]),
      (error: unknown) => this.finish(id, asFailure(id, error, this.logger)),
    )
  }

  private async handleSubscribe([, id, method, credit, payload]: Subscribe): Promise<void> {
    const streams = this.options.streams ?? {}
    const handler = Object.hasOwn(streams, method) ? streams[method] : undefined
    if (!handler) {
      this.finish(id, [Kind.refusal, id, 'refused', `there is no stream "${method}"`])
      return
    }
    if (this.windows.size >= this.limits.streams_max) {
      this.frames.send([Kind.refusal, id, 'overloaded', 'too many subscriptions'])
      return
    }
    const running = this.begin(id, Infinity)
    const window = new StreamWindow(Math.min(credit, this.limits.credit_max), running.signal)
    this.windows.set(id, window)
    try {
      await handler(payload, {
        peer: this.peer as Peer,
        signal: running.signal,
        write: async (item) => {
          await window.take()
          await this.room()
          this.frames.send([Kind.item, id, item])
        },
      })
      this.finish(id, [Kind.end, id])
    } catch (error) {
      const gone = error instanceof LinkError && error.kind === 'closed'
      this.finish(id, gone ? [Kind.end, id] : asFailure(id, error, this.logger))
    }
  }
}
