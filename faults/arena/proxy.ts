import { connect, createServer, type Server, type Socket } from 'node:net'
import { type AddressInfo } from 'node:net'

export type Way = 'to-writer' | 'to-client'

interface Pair {
  readonly client: Socket
  readonly writer: Socket
}

/** A TCP relay on loopback between one client and one writer that can be cut, or let nothing through one way. */
export class Proxy {
  private readonly pairs = new Set<Pair>()
  private readonly stalled = new Set<Way>()
  private isCut = false

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  static async open(target: number): Promise<Proxy> {
    const server = createServer({ pauseOnConnect: false })
    const proxy = new Proxy(server, target)
    server.on('connection', (client) => proxy.relay(client))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Breaks what is connected, and whatever is tried until it is healed. */
  cut(): void {
    this.isCut = true
    for (const { client, writer } of this.pairs) {
      client.resetAndDestroy()
      writer.resetAndDestroy()
    }
  }

  /** Bytes of this way wait here; the sockets stay open, and the other way goes on. */
  stall(way: Way): void {
    this.stalled.add(way)
    for (const pair of this.pairs) sourceOf(pair, way).pause()
  }

  heal(): void {
    this.isCut = false
    for (const way of this.stalled) for (const pair of this.pairs) sourceOf(pair, way).resume()
    this.stalled.clear()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private relay(client: Socket): void {
    if (this.isCut) return void client.resetAndDestroy()
    const writer = connect(this.target, '127.0.0.1')
    const pair = { client, writer }
    this.pairs.add(pair)
    const end = (): void => {
      client.destroy()
      writer.destroy()
      this.pairs.delete(pair)
    }
    for (const [from, to] of [
      [client, writer],
      [writer, client],
    ] as const) {
      from.on('data', (bytes: Buffer) => to.write(bytes))
      from.on('error', end)
      from.on('close', end)
    }
    for (const way of this.stalled) sourceOf(pair, way).pause()
  }
}

const sourceOf = ({ client, writer }: Pair, way: Way): Socket => (way === 'to-writer' ? client : writer)
