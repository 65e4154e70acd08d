import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Registry } from 'prom-client'
import { eventually, freePort, silentLogger } from '#testing'
import { Health } from './health.js'
import { createHttpServer, type HttpServer } from './http-server.js'

const JSON_BODY = 'POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n'
const LINES =
  'POST /lines HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n'
const UPGRADE = 'GET /up HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'

let server: HttpServer
let port: number
let release: ((answer: object) => void) | undefined
const sockets: Socket[] = []

async function serve(bounds: { readonly body_ms_max?: number; readonly idle_ms_max?: number }): Promise<void> {
  class Plain {}
  const [health, metrics, logger] = [new Health(), new Registry(), silentLogger()]
  server = await createHttpServer({
    module: { module: Plain },
    authenticator: undefined,
    health,
    metrics,
    logger,
    ...bounds,
  })
  const fastify = server.app.getHttpAdapter().getInstance()
  fastify.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload))
  fastify.post('/body', () => Promise.resolve({}))
  fastify.post('/late', () => new Promise((resolve) => (release = resolve)))
  fastify.post('/lines', (request, reply) => void reply.send(Readable.from(request.body as Readable)))
  fastify.server.on('upgrade', (_, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  port = await freePort()
  await server.listen(port, '127.0.0.1')
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.close(0)
})

function send(request: string): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  socket.write(request)
  return socket
}
/** Sends a little all the time, until it is cut off. */
function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 10)
  socket.once('close', () => clearInterval(timer))
}

test('who stops in the middle of a body, be it a stream, is cut off; a websocket may be quiet', async () => {
  await serve({ idle_ms_max: 200 })
  const upgraded = send(UPGRADE)
  await once(upgraded, 'data')
  await once(send(LINES).resume(), 'close')
  upgraded.write('here')
  expect(String((await once(upgraded, 'data'))[0])).toBe('here')
})

test('who sends a body a little at a time is told 408; one that is a stream goes on', async () => {
  await serve({ body_ms_max: 200 })
  const stream = send(LINES)
  drip(stream, '2\r\n\r\n\r\n')
  await once(stream, 'data')
  const slow = send(JSON_BODY)
  drip(slow, ' ')
  expect(await text(slow)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request-timeout"/)
  await once(stream, 'data')
})

test('a body that has come in time is answered, however long that takes', async () => {
  await serve({ body_ms_max: 200 })
  const answer = fetch(`http://127.0.0.1:${port}/late`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  await eventually('it is being answered', () => release !== undefined)
  await once(send(JSON_BODY).resume(), 'close')
  release?.({})
  expect((await answer).status).toBe(200)
})
