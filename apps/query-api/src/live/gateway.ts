import { Inject } from '@nestjs/common'
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets'
import { type Namespace, type Socket } from 'socket.io'
import { Problem, problemFrom } from '#runtime'
import { LiveSessions } from './sessions.js'

/** socket.io namespace `/live`: what one can GET one can watch. */
@WebSocketGateway({
  namespace: '/live',
  cors: { origin: true },
  maxHttpBufferSize: 65_536,
  connectTimeout: 10_000,
  pingInterval: 20_000,
  pingTimeout: 10_000,
})
export class LiveGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket>, OnGatewayDisconnect<Socket> {
  constructor(@Inject(LiveSessions) private readonly sessions: LiveSessions) {}

  afterInit(namespace: Namespace): void {
    this.sessions.attach(namespace)
    namespace.use((socket, next) => {
      this.sessions.authenticate(socket).then(
        () => next(),
        (error: unknown) => {
          const problem = problemFrom(error) ?? Problem.of('internal-error', 'it was logged')
          next(Object.assign(new Error(problem.detail), { data: problem.details('/live') }))
        },
      )
    })
  }

  handleConnection(socket: Socket): void {
    this.sessions.open(socket)
  }

  handleDisconnect(socket: Socket): void {
    this.sessions.close(socket)
  }

  @SubscribeMessage('subscribe')
  async subscribe(@ConnectedSocket() socket: Socket, @MessageBody() payload: unknown): Promise<unknown> {
    return this.sessions.of(socket)?.subscribe(payload)
  }

  @SubscribeMessage('unsubscribe')
  unsubscribe(@ConnectedSocket() socket: Socket, @MessageBody() payload: unknown): unknown {
    return this.sessions.of(socket)?.unsubscribe(payload)
  }
}
