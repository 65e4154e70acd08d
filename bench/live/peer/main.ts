import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { redisAdapter } from './adapter.js'

/** The peer: a plain socket.io server with rooms and its Redis adapter, nothing else. It checks no token and keeps no order. */
const http = createServer((_request, response) => {
  response.end('{"ready":true}')
})
const io = new Server(http, { adapter: await redisAdapter(process.env['REDIS_URL'] ?? '') })
io.on('connection', (socket) => {
  socket.on('join', (room: string, answer: (acknowledgement: object) => void) => {
    void socket.join(room)
    answer({ ok: true })
  })
})
http.listen(Number(process.env['HEADWATER_PORT']), process.env['HEADWATER_HOST'])
process.once('SIGTERM', () => process.exit(0))
