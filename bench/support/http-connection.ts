import { connect, type Socket } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  /** Status line and headers, as they came. */
  readonly head: string
  readonly body: string
}

/**
 * One keep-alive connection that asks one thing at a time: HTTP/1.1 in as few instructions as possible, because the one
 * who asks shares the processor with the one who is measured. Takes answers with a content-length only.
 */
export class HttpConnection {
  private received = ''
  private closed: Error | undefined
  private waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.receive(bytes))
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail(new Error('the connection was closed')))
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new HttpConnection(socket)
  }

  /** @param headers lines that each end with CRLF. @param body ASCII. */
  async post(path: string, headers: string, body: string): Promise<HttpAnswer> {
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${headers}`
    return this.ask(`${head}content-length: ${body.length}\r\n\r\n${body}`)
  }

  /** @param headers lines that each end with CRLF. */
  async get(path: string, headers: string): Promise<HttpAnswer> {
    return this.ask(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}\r\n`)
  }

  close(): void {
    this.waiting = undefined
    this.socket.destroy()
  }

  private async ask(request: string): Promise<HttpAnswer> {
    if (this.closed) throw this.closed
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.socket.write(request, 'latin1')
    })
  }

  private receive(bytes: Buffer): void {
    const text = this.received + bytes.toString('latin1')
    this.received = text
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    const at = text.indexOf('content-length: ')
    const length = at < 0 ? 0 : parseInt(text.slice(at + 16, at + 26), 10)
    if (text.length < end + 4 + length) return
    const { waiting } = this
    this.waiting = undefined
    this.received = ''
    waiting?.resolve({ status: Number(text.slice(9, 12)), head: text.slice(0, end), body: text.slice(end + 4) })
  }

  private fail(error: Error): void {
    this.closed ??= error
    this.waiting?.reject(error)
    this.waiting = undefined
  }
}
