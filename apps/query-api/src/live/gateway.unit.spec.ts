import { EventEmitter } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Namespace } from 'socket.io'
import { LiveGateway } from './gateway.js'
import { type LiveSessions } from './sessions.js'

/** What the gateway puts before the engine. */
type Middleware = (...asked: [...Parameters<RequestListener>, next: () => void]) => void

let server: Server
const agent = new Agent({ keepAlive: true })
afterEach(() => {
  agent.destroy()
  server.close()
  server.closeAllConnections()
})

/** A server whose engine answers 200 to what the gateway lets through. */
async function serve(isClosed: boolean): Promise<void> {
  let middleware: Middleware | undefined
  const engine = Object.assign(new EventEmitter(), { use: (given: Middleware) => (middleware = given) })
  const namespace = { server: { engine }, use: () => undefined } as unknown as Namespace
  new LiveGateway({ isClosed, attach: () => undefined } as unknown as LiveSessions).afterInit(namespace)
  server = createServer((request, response) => middleware?.(request, response, () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}

const ask = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    get({ agent, port, host: '127.0.0.1', path }, (response) => resolve(response.resume())).on('error', reject)
  })

test('a planned stop refuses who is new, lets the others go on, and is not held up by who asks again and again', async () => {
  await serve(true)
  expect((await ask('/socket.io/?EIO=4&transport=polling&sid=known')).statusCode).toBe(200)
  const refusal = await ask('/socket.io/?EIO=4&transport=polling')
  expect([refusal.statusCode, refusal.headers['retry-after'], refusal.headers.connection]).toEqual([503, '1', 'close'])
  await new Promise((resolve) => server.close(resolve))
})

test('without a stop everybody comes in', async () => {
  await serve(false)
  expect((await ask('/socket.io/?EIO=4&transport=polling')).statusCode).toBe(200)
  await new Promise((resolve) => server.close(resolve))
})
