import { type Namespace, type Socket } from 'socket.io'
import { type Reader, type ResourceCatalogue } from '#read-models'
import { type Authenticator, type Logger, type Principal, Problem, requireScope } from '#runtime'
import { type LiveHub } from './hub.js'
import { Session } from './session.js'

export interface LiveSessionsOptions {
  readonly authenticator: Authenticator
  readonly catalogue: ResourceCatalogue
  readonly hub: LiveHub
  readonly reader: Reader
  readonly logger: Logger
}

/** Who is connected. A token is checked at connect, at every subscribe, and when it expires. */
export class LiveSessions {
  private readonly principals = new WeakMap<Socket, Principal>()
  private readonly sessions = new Map<string, Session>()
  private namespace: Namespace | undefined

  constructor(private readonly options: LiveSessionsOptions) {}

  get size(): number {
    return this.sessions.size
  }

  attach(namespace: Namespace): void {
    this.namespace = namespace
  }

  /** @throws Problem `unauthorized`, `forbidden` */
  async authenticate(socket: Socket): Promise<void> {
    const { token } = socket.handshake.auth as { readonly token?: unknown }
    if (typeof token !== 'string' || token === '')
      throw Problem.of('unauthorized', 'connect with auth: { token }; npx headwater token prints one')
    const principal = await this.options.authenticator.verify(token)
    requireScope(principal, 'read')
    this.principals.set(socket, principal)
  }

  open(socket: Socket): void {
    const principal = this.principals.get(socket)
    if (principal) this.sessions.set(socket.id, new Session({ socket, principal, ...this.options }))
    else socket.disconnect(true)
  }

  of(socket: Socket): Session | undefined {
    return this.sessions.get(socket.id)
  }

  close(socket: Socket): void {
    this.sessions.get(socket.id)?.close()
    this.sessions.delete(socket.id)
  }

  /** Before a planned stop: everyone is told to come back, spread over a second. */
  async drain(): Promise<void> {
    for (const socket of this.namespace?.sockets.values() ?? []) {
      socket.emit('closing', { reconnectInMs: Math.round(Math.random() * 1_000) })
      socket.disconnect(true)
    }
    this.namespace?.server.disconnectSockets(true)
    return Promise.resolve()
  }
}
