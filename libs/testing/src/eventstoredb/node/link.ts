import { createServer, connect, type Server, type Socket } from 'node:net'
import { freePort } from '../../servers/free-port.js'

const HOST = '127.0.0.1'

/** Which way a silent link carries nothing: `both`, or only what the server says (a request still arrives). */
export type Silence = 'both' | 'replies'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** The network before a server on this host: connections that can be cut, refused, or go silent without an end. */
export class Link {
  readonly #pairs = new Set<Pair>()
  #listener: Server | undefined
  #silence: Silence | undefined

  private constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  /** @param target  the port of the server behind the link. @param port  0 for a free one. */
  static async open(target: number, port: number): Promise<Link> {
    // Listened on again after `refuse`, so nobody's connection may take it meanwhile.
    const own = port === 0 ? await freePort() : port
    const link = new Link(own, target)
    link.#serve(await listen(own))
    return link
  }

  /** Breaks every connection at once, as a dead process does. New ones are accepted. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
    this.#pairs.clear()
  }

  /** Breaks every connection and refuses new ones until `accept`. */
  async refuse(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    const closed = listener && new Promise<void>((resolve) => listener.close(() => resolve()))
    this.cut()
    await closed
  }

  async accept(): Promise<void> {
    if (this.#listener === undefined) this.#serve(await listen(this.port))
  }

  /** Carries nothing until `speak`, old connections and new ones alike; nobody is told. */
  silence(silence: Silence): void {
    this.#silence = silence
    for (const pair of this.#pairs) this.#connect(pair)
  }

  /** Carries on, beginning with what was held back. */
  speak(): void {
    this.#silence = undefined
    for (const pair of this.#pairs) this.#connect(pair)
  }

  #serve(listener: Server): void {
    this.#listener = listener
    listener.on('connection', (client) => {
      const pair = { client, server: connect(this.target, HOST) }
      this.#pairs.add(pair)
      for (const socket of [client, pair.server]) {
        socket.setNoDelay(true)
        socket.on('error', () => undefined)
        socket.on('close', () => this.#drop(pair))
      }
      this.#connect(pair)
    })
  }

  #connect({ client, server }: Pair): void {
    client.unpipe(server)
    server.unpipe(client)
    if (this.#silence === 'both') client.pause()
    else client.pipe(server)
    if (this.#silence === undefined) server.pipe(client)
    else server.pause()
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const listener = createServer({ noDelay: true })
    listener.once('error', reject)
    listener.listen(port, HOST, () => {
      listener.off('error', reject)
      resolve(listener)
    })
  })
}
