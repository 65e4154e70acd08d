import { Packr } from 'msgpackr'
import { type TLSSocket } from 'node:tls'
import { type Message } from './messages.js'

const HEADER_BYTES = 4
/** So much leaves at once: a larger frame is no cheaper. */
const FRAME_BYTES_SOFT = 8 * 1024

const packr = new Packr({ useRecords: false, moreTypes: true, int64AsType: 'bigint' })

export interface FrameEvents {
  /** One call per message, in order. */
  message(message: Message): void
  /** The peer broke the protocol. */
  violation(reason: string): void
}

/**
 * Messages over a socket: small ones written in one tick leave together in one frame, which is what makes many small
 * requests cheap. A frame is a 4-byte big-endian length and a msgpack array of messages.
 */
export class FrameSocket {
  /** Largest frame that the peer may send for now. */
  incoming_bytes_max: number
  /** When the last bytes came, in ms as `performance.now()` counts: a large message takes its time, and is no silence. */
  heard_ms = performance.now()
  private outbox: Buffer[] = []
  private outbox_bytes = 0
  private scheduled = false
  private inbox: Buffer[] = []
  private inbox_bytes = 0

  constructor(
    private readonly socket: TLSSocket,
    private readonly frame_bytes_max: number,
    private readonly events: FrameEvents,
  ) {
    this.incoming_bytes_max = frame_bytes_max
    socket.on('data', (bytes: Buffer) => this.receive(bytes))
  }

  get unsent_bytes(): number {
    return this.outbox_bytes + this.socket.writableLength
  }

  /** @throws RangeError for a message too large for a frame, TypeError for one that cannot be encoded; nothing is sent. */
  send(message: Message): void {
    // Of memory that the next message will be written to.
    const bytes = packr.pack(message)
    if (bytes.length + 8 > this.frame_bytes_max)
      throw new RangeError(`a message of ${bytes.length} bytes exceeds the ${this.frame_bytes_max} a frame may hold`)
    if (this.outbox_bytes + bytes.length > this.frame_bytes_max - 8) this.flush()
    if (this.outbox_bytes + bytes.length >= FRAME_BYTES_SOFT) return this.write([...this.outbox, bytes])
    this.outbox.push(Buffer.from(bytes))
    this.outbox_bytes += bytes.length
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.flush()
    })
  }

  flush(): void {
    if (this.outbox.length > 0) this.write(this.outbox)
  }

  /** A copy of them, in one frame; nothing else waits then. */
  private write(messages: readonly Buffer[]): void {
    const head = Buffer.alloc(HEADER_BYTES + 5)
    const bytes = messages.reduce((sum, each) => sum + each.length, 5)
    head[HEADER_BYTES] = 0xdd
    head.writeUInt32BE(messages.length, HEADER_BYTES + 1)
    head.writeUInt32BE(bytes, 0)
    this.outbox = []
    this.outbox_bytes = 0
    if (!this.socket.destroyed && !this.socket.writableEnded) this.socket.write(Buffer.concat([head, ...messages]))
  }

  private receive(bytes: Buffer): void {
    this.heard_ms = performance.now()
    this.inbox.push(bytes)
    this.inbox_bytes += bytes.length
    while (this.inbox_bytes >= HEADER_BYTES) {
      const [first] = this.inbox
      if (this.inbox.length > 1 && first && first.length < HEADER_BYTES) this.inbox = [Buffer.concat(this.inbox)]
      const length = this.inbox[0]?.readUInt32BE(0) ?? 0
      if (length > this.incoming_bytes_max) return this.events.violation(`a frame of ${length} bytes`)
      if (this.inbox_bytes < HEADER_BYTES + length) return
      const all = this.inbox.length === 1 && this.inbox[0] ? this.inbox[0] : Buffer.concat(this.inbox)
      const frame = all.subarray(HEADER_BYTES, HEADER_BYTES + length)
      const rest = all.subarray(HEADER_BYTES + length)
      this.inbox = rest.length > 0 ? [rest] : []
      this.inbox_bytes = rest.length
      if (!this.dispatch(frame)) return
    }
  }

  /** @returns whether to go on: not once the socket was destroyed, whatever else the frame holds. */
  private dispatch(frame: Buffer): boolean {
    let messages: unknown
    try {
      messages = packr.unpack(frame)
    } catch {
      messages = undefined
    }
    if (!Array.isArray(messages) || !messages.every((each) => Array.isArray(each) && typeof each[0] === 'number')) {
      this.events.violation('a frame that is no list of messages')
      return false
    }
    for (const message of messages as readonly Message[]) {
      if (this.socket.destroyed) return false
      this.events.message(message)
    }
    return !this.socket.destroyed
  }
}
