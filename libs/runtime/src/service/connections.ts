import { type Server } from 'node:http'
import { type Socket } from 'node:net'

/** Who is connected, as a websocket or not: a server that closes waits for all of them. */
export class Connections {
  private readonly sockets = new Set<Socket>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  /** Cuts off those that have never sent anything: Node does not count them as idle. */
  cutUnused(): void {
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy()
  }

  /** Cuts off everybody. @returns how many they were. */
  cut(): number {
    const { size } = this.sockets
    for (const socket of this.sockets) socket.destroy()
    return size
  }
}
