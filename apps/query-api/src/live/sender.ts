import { type Socket } from 'socket.io'
import { type Outgoing } from './messages.js'
import { type Packet } from './payload.js'

/**
 * Messages, and their characters, that wait in the engine for the transport to take them. Beyond either, changes wait in
 * the queues of their subscriptions, conflated. The transport holds as much again: it takes all that waits at once, and
 * takes the next not before the operating system has taken the last of it.
 */
const UNSENT_MAX = 64
const UNSENT_LENGTH_MAX = 262_144
/** Answers that a client may leave unread: as many as it may hold subscriptions, and some. */
const UNREAD_MAX = 1_100

/** Something that has messages for the reader. */
export interface Source {
  readonly id: string
  readonly isPending: boolean
  take(): Outgoing | undefined
  /** What it has cannot be sent: it has nothing more. */
  fail(error: unknown): void
}

/** Sends to one socket what its subscriptions have for it, in turns, and only what its reader keeps up with. */
export class Sender {
  /** Made for the first that waits: most sockets wait for nothing most of the time. */
  private pending: Set<Source> | undefined
  /** Answers that wait for room. */
  private readonly answers: (() => void)[] = []
  private unsent = 0
  private unsentLength = 0

  constructor(private readonly socket: Socket) {
    socket.conn.on('packetCreate', this.created).on('drain', this.drained)
  }

  /** Of everything that the engine is given, whoever gives it, before it has it. Whoever asks on without reading the answers is cut off. */
  private readonly created = ({ data = '' }: { readonly data?: string }): void => {
    this.unsent += 1
    this.unsentLength += data.length
    // Said once: to say so is one more.
    if (this.unsent === UNREAD_MAX + 1) this.socket.disconnect(true)
  }

  /** The engine says so when it has handed all that waited to the transport. */
  private readonly drained = (): void => {
    this.unsent = 0
    this.unsentLength = 0
    this.flush()
  }

  /** The connection may outlive the socket, and have another one. */
  close(): void {
    this.socket.conn.off('packetCreate', this.created).off('drain', this.drained)
    // What reaches nobody is held back no longer, nor are those that wait for it.
    this.drained()
  }

  get isPending(): boolean {
    return this.pending !== undefined && this.pending.size > 0
  }

  /** Has the reader left so much unread that nothing more should be handed over? */
  private get isFull(): boolean {
    return this.unsent >= UNSENT_MAX || this.unsentLength >= UNSENT_LENGTH_MAX
  }

  /**
   * Hands over an answer, which may be large, once there is room for it: before what has changed since.
   *
   * @throws whatever `hand` throws
   */
  answer(hand: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.answers.push(() => {
        try {
          hand()
          resolve()
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
      this.flush()
    })
  }

  add(source: Source): void {
    this.pending ??= new Set()
    this.pending.add(source)
    this.flush()
  }

  remove(source: Source): void {
    this.pending?.delete(source)
  }

  private flush(): void {
    const { socket, answers, pending } = this
    while (answers.length > 0 && !this.isFull) answers.shift()?.()
    if (!pending) return
    while (pending.size > 0 && socket.connected && !this.isFull) {
      const [source] = pending
      if (!source) return
      pending.delete(source)
      const packet = packetOf(source)
      if (!packet) continue
      socket.conn.write(packet.text, packet.options)
      // At the end of the line: no subscription keeps the others waiting.
      if (source.isPending) pending.add(source)
    }
  }
}

/** What it shows is the domain's doing, and may fail: that ends this one, and no other. */
function packetOf(source: Source): Packet | undefined {
  try {
    const next = source.take()
    return next?.payload.packet(next.event, source.id)
  } catch (error) {
    source.fail(error)
    return undefined
  }
}
