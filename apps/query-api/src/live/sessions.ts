import { type Namespace, type Socket } from 'socket.io'
import { type Authenticator, inBrief, Problem, requireScope } from '#runtime'
import { drain } from './drain.js'
import { ExpiryWheel } from './expiry-wheel.js'
import { type Acknowledgement, type Handshake } from './messages.js'
import { type Client, Session, type SessionContext } from './session.js'

export interface LiveSessionsOptions extends SessionContext {
  readonly authenticator: Authenticator
}

/** A socket that was let in. */
interface Admitted extends Client {
  /** Listens to its connection, which may outlive it. */
  readonly onGone: () => void
}

/** Who is connected. A token is checked at connect, at every subscribe, and when it expires. */
export class LiveSessions {
  /** Each has a place of its subject's. */
  private readonly admitted = new WeakMap<Socket, Admitted>()
  private readonly sessions = new Map<string, Session>()
  private readonly wheel = new ExpiryWheel<Session>((session) => {
    if (session.expire()) this.wheel.add(session)
  })
  private namespace: Namespace | undefined
  private isStopping = false

  constructor(private readonly options: LiveSessionsOptions) {}

  get size(): number {
    return this.sessions.size
  }

  /** Does a planned stop keep new sockets out? */
  get isClosed(): boolean {
    return this.isStopping
  }

  attach(namespace: Namespace): void {
    this.namespace = namespace
  }

  /** @throws Problem `unauthorized`, `forbidden`, `too-many-requests`, `unavailable` */
  async authenticate(socket: Socket): Promise<void> {
    if (this.isStopping) throw Problem.of('unavailable', 'this instance is stopping; connect again for another one')
    const { token, ended } = socket.handshake.auth as Handshake
    // A secret is kept no longer than it is needed, nor by each of ten thousand sockets.
    socket.handshake.auth = {}
    if (typeof token !== 'string' || token === '')
      throw Problem.of('unauthorized', 'connect with auth: { token }; npx headwater token prints one')
    const { authenticator, limits } = this.options
    const principal = authenticator.recall(token) ?? (await authenticator.verify(token))
    requireScope(principal, 'read')
    if (socket.conn.readyState !== 'open') throw Problem.of('unavailable', 'the connection was closed meanwhile')
    limits.connect(principal.subject)
    // Whoever goes before it is connected gives its place back all the same.
    const onGone = (): void => this.release(socket)
    this.admitted.set(socket, { principal, hearsEnded: ended === true, onGone })
    socket.conn.once('close', onGone)
  }

  private release(socket: Socket): void {
    const admitted = this.admitted.get(socket)
    if (!admitted) return
    this.admitted.delete(socket)
    socket.conn.off('close', admitted.onGone)
    this.options.limits.disconnect(admitted.principal.subject)
  }

  open(socket: Socket): void {
    const admitted = this.admitted.get(socket)
    if (!admitted) return void socket.disconnect(true)
    const session = new Session(socket, admitted, this.options)
    this.sessions.set(socket.id, session)
    this.wheel.add(session)
    socket.onAny((event: unknown, ...args: unknown[]) => {
      // What a client sent together with its leaving is handed on after it.
      if (this.sessions.get(socket.id) === session) receive(session, event, args)
    })
  }

  close(socket: Socket): void {
    const session = this.sessions.get(socket.id)
    if (!session) return
    session.close()
    this.wheel.delete(session)
    this.sessions.delete(socket.id)
    this.release(socket)
  }

  /**
   * Before a planned stop: nobody new comes in, and everyone is told to come back, a few at a time, each when what waited
   * for it has been sent.
   *
   * @param window_ms_max how long that may take.
   */
  async drain(window_ms_max: number): Promise<void> {
    this.isStopping = true
    await drain([...this.sessions.values()], window_ms_max)
    // Those that were let in just before.
    for (const each of this.sessions.values()) each.leave()
    this.namespace?.server.disconnectSockets(true)
    this.wheel.close()
  }
}

/** Messages of a client. There are two; the answer to anything else names them. */
function receive(session: Session, event: unknown, args: readonly unknown[]): void {
  const [payload] = args
  const last = args.at(-1)
  const answer = (acknowledgement: Acknowledgement | { readonly ok: boolean }): void => {
    if (typeof last === 'function') (last as (value: unknown) => void)(acknowledgement)
  }
  if (event === 'subscribe') void session.subscribe(payload, answer)
  else if (event === 'unsubscribe') answer(session.unsubscribe(payload))
  else answer(session.refuse(`a client sends "subscribe" and "unsubscribe", not "${inBrief(String(event))}"`))
}
