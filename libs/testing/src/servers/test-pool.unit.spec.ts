import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { testPool } from './test-pool.js'

/** A message of Postgres' protocol: its kind, its length, what it says. */
function message(kind: string, said: Buffer | string): Buffer {
  const content = Buffer.from(said)
  const head = Buffer.from(`${kind}....`)
  head.writeInt32BE(4 + content.length, 1)
  return Buffer.concat([head, content])
}

const LET_IN = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', 'I')])
const ANSWERED = Buffer.concat([message('C', 'SELECT 0\0'), message('Z', 'I')])
const SHUT_DOWN = message('E', 'SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0')

let goodbyes: number

/** As a server that is being stopped meets who says goodbye. */
function talk(socket: Socket): void {
  socket.once('data', () => {
    socket.write(LET_IN)
    socket.on('data', (asked) => {
      if (asked.toString('latin1', 0, 1) !== 'X') return void socket.write(ANSWERED)
      goodbyes += 1
      socket.end(SHUT_DOWN)
    })
  })
}

let server: Server
beforeEach(async () => {
  goodbyes = 0
  server = createServer(talk).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => server.close())

test('a server that stops while a pool ends fails nothing', async () => {
  const { port } = server.address() as AddressInfo
  const pool = testPool(`postgres://test@127.0.0.1:${port}/test`)
  // Not `once`, which would listen for errors, too.
  const closed = new Promise<void>((resolve) => pool.once('remove', () => resolve()))
  await pool.query('select')
  await pool.end()
  await closed
  expect(goodbyes).toBe(1)
})
