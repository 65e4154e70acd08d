import { type IncomingMessage, ServerResponse } from 'node:http'
import { Inject } from '@nestjs/common'
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  WebSocketGateway,
} from '@nestjs/websockets'
import { type Namespace, type Socket } from 'socket.io'
import { Problem, problemFrom } from '#runtime'
import { LiveSessions } from './sessions.js'

/** What is used of the engine below socket.io, which has no types of its own there. */
interface Engine {
  use(middleware: (request: IncomingMessage, response: ServerResponse | object, next: () => void) => void): void
  on(event: 'connection', listener: (connection: Connection) => void): void
}

interface Connection {
  /** Of each packet that came, before it is handed on. */
  on(event: 'packet', listener: (packet: { readonly type: string; readonly data?: unknown }) => void): void
  /** What waits is sent first. What comes from now on is not handed on, and nothing more is answered. */
  close(): void
}

/**
 * How often a connection may ask to be let in, whatever it is answered: each refusal names the namespace that it asked for, and waits for its reader.
 * A client asks once, and once more for each other namespace.
 */
const CONNECTS_MAX = 10
/** Packets of socket.io that ask to be let in begin so. */
const CONNECT = '0'

/**
 * socket.io namespace `/live`: what one can GET one can watch. Messages are taken by the sessions themselves: what Nest
 * would keep for each handler of each socket is more than all that a session is. Nothing is compressed, because a
 * compressor for each socket is more than a hundred sessions are.
 */
@WebSocketGateway({
  namespace: '/live',
  cors: { origin: true },
  maxHttpBufferSize: 65_536,
  connectTimeout: 10_000,
  pingInterval: 20_000,
  pingTimeout: 10_000,
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
})
export class LiveGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket>, OnGatewayDisconnect<Socket> {
  constructor(@Inject(LiveSessions) private readonly sessions: LiveSessions) {}

  afterInit(namespace: Namespace): void {
    this.sessions.attach(namespace)
    const engine = namespace.server.engine as Engine
    // Refused this early a client takes it for a lost connection, and tries again by itself.
    engine.use((request, response, next) => {
      if (!this.sessions.isClosed || request.url?.includes('sid=')) next()
      else refuse(request, response)
    })
    // The engine's own namespace asks nobody for a token. Who is not let in anywhere is sent away after `connectTimeout`.
    namespace.server
      .of('/')
      .use((_, next) => next(problemError(Problem.of('not-found', 'connect to the namespace /live'))))
    engine.on('connection', (connection) => {
      // Nobody asks for the first request again, and it would be kept for as long as the socket.
      Object.assign(connection, { request: null })
      boundConnects(connection)
    })
    namespace.use((socket, next) => {
      this.sessions.authenticate(socket).then(
        () => next(),
        (error: unknown) => {
          next(problemError(problemFrom(error) ?? Problem.of('internal-error', 'it was logged')))
        },
      )
    })
  }

  handleConnection(socket: Socket): void {
    this.sessions.open(socket)
  }

  /** Nobody is left on its connection whose token was checked, and would be again. */
  handleDisconnect(socket: Socket): void {
    this.sessions.close(socket)
    socket.conn.close()
  }
}

function boundConnects(connection: Connection): void {
  let asked = 0
  connection.on('packet', ({ type, data }) => {
    if (type !== 'message' || typeof data !== 'string' || !data.startsWith(CONNECT)) return
    asked += 1
    if (asked > CONNECTS_MAX) connection.close()
  })
}

/** As socket.io tells a client: it finds the problem in `data`. */
const problemError = (problem: Problem): Error =>
  Object.assign(new Error(problem.detail), { data: problem.details('/live') })

/**
 * On a connection of its own: whoever goes on asking on this one would keep the server from closing. A websocket's handshake has no response of
 * Node's, and the engine's stand-in writes nothing.
 */
function refuse(request: IncomingMessage, response: ServerResponse | object): void {
  if (response instanceof ServerResponse)
    return void response.writeHead(503, { 'retry-after': '1', connection: 'close' }).end()
  request.socket.end(
    'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
  )
}
