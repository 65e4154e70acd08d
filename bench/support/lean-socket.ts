import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/**
 * A socket.io client over WebSocket in as few instructions and bytes as possible: ten thousand of them share the processor
 * with the server that is measured. Takes text messages below 16 MiB that are not fragmented, as both servers send them.
 */
export class LeanSocket {
  private received: Buffer = Buffer.alloc(0)
  private isOpen = false
  private waiting: ((text: string) => void) | undefined

  private constructor(
    private readonly socket: Socket,
    private readonly onEvent: (text: string) => void,
  ) {
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.receive(bytes))
  }

  /**
   * @param namespace `/live,`, or nothing for the main one. @param auth sent when joining it.
   * @param onEvent takes each event of the server as the protocol writes it.
   */
  static async open(
    port: number,
    namespace: string,
    auth: object,
    onEvent: (text: string) => void,
  ): Promise<LeanSocket> {
    const tcp = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => {
      tcp.once('connect', resolve)
      tcp.once('error', reject)
    })
    const socket = new LeanSocket(tcp, onEvent)
    const opened = socket.next()
    tcp.on('error', (error) => socket.waiting?.(`44${error.message}`))
    tcp.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\n' +
        `connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
    await opened
    const joined = socket.next()
    socket.send(`40${namespace}${JSON.stringify(auth)}`)
    const answer = await joined
    if (!answer.startsWith('40')) throw new Error(`a socket was not let in: ${answer}`)
    return socket
  }

  /** Sends an event and waits for its acknowledgement. One at a time. @returns it as JSON. */
  async ask(namespace: string, event: string, payload: unknown): Promise<string> {
    const answered = this.next()
    this.send(`42${namespace}0${JSON.stringify([event, payload])}`)
    const answer = await answered
    return answer.slice(answer.indexOf('['))
  }

  close(): void {
    this.socket.destroy()
  }

  private async next(): Promise<string> {
    return new Promise((resolve) => {
      this.waiting = resolve
    })
  }

  /** Masked with nothing, as the protocol allows. */
  private send(text: string): void {
    const body = Buffer.from(text)
    const isShort = body.length < 126
    const frame = Buffer.alloc((isShort ? 6 : 8) + body.length)
    frame.writeUInt8(0x81, 0)
    frame.writeUInt8(0x80 | (isShort ? body.length : 126), 1)
    if (!isShort) frame.writeUInt16BE(body.length, 2)
    body.copy(frame, frame.length - body.length)
    this.socket.write(frame)
  }

  private receive(bytes: Buffer): void {
    let rest = this.received.length > 0 ? Buffer.concat([this.received, bytes]) : bytes
    if (!this.isOpen) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return void (this.received = rest)
      const status = rest.toString('latin1', 9, 12)
      if (status !== '101') return this.waiting?.(`44 HTTP status ${status}`)
      this.isOpen = true
      rest = rest.subarray(end + 4)
    }
    for (let length = frameLength(rest); length > 0 && rest.length >= length; length = frameLength(rest)) {
      const small = rest.readUInt8(1)
      if (rest.readUInt8(0) === 0x81)
        this.message(rest.toString('utf8', small < 126 ? 2 : small === 126 ? 4 : 10, length))
      rest = rest.subarray(length)
    }
    // Nothing is kept of what was read: a slice would keep all of it.
    this.received = rest.length > 0 ? Buffer.from(rest) : EMPTY
  }

  private message(text: string): void {
    if (text === '2') this.send('3')
    else if (text.startsWith('42')) this.onEvent(text)
    else {
      const { waiting } = this
      this.waiting = undefined
      waiting?.(text)
    }
  }
}

const EMPTY = Buffer.alloc(0)

/** Of a whole frame with its head; 0 when not even that has come. */
function frameLength(bytes: Buffer): number {
  if (bytes.length < 2) return 0
  const small = bytes.readUInt8(1)
  if (small < 126) return 2 + small
  if (small === 126) return bytes.length < 4 ? 0 : 4 + bytes.readUInt16BE(2)
  return bytes.length < 10 ? 0 : 10 + Number(bytes.readBigUInt64BE(2))
}
