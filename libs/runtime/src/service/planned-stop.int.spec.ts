import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freePort } from '#testing'
import { projectRoot } from '../config/project-root.js'

const ROLE = join('dist', 'libs', 'runtime', 'src', 'service', 'fixtures', 'plain-role.js')

let role: ChildProcess
let said: string
let socket: Socket

beforeEach(async () => {
  const port = await freePort()
  const env = {
    HEADWATER_INSTANCE: 'plain-1',
    HEADWATER_PORT: String(port),
    HEADWATER_DATA: tmpdir(),
    HEADWATER_DRAIN_MS: '4500',
  }
  role = spawn(process.execPath, [join(projectRoot(), ROLE)], {
    env: { ...process.env, ...env, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  said = ''
  role.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await eventually('it listens', () => said.includes('"listening"'))
  socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
})
afterEach(async () => {
  socket.destroy()
  if (role.exitCode === null && role.signalCode === null && role.kill('SIGKILL')) await once(role, 'exit')
})

const stop = async (): Promise<unknown> => {
  const ended = once(role, 'exit')
  role.kill('SIGTERM')
  return (await ended)[0]
}

test.each([
  ['has sent nothing', ''],
  ['has sent half a head', 'GET /livez HTTP/1.1\r\nhost'],
  [
    'has sent half a body',
    'POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  ],
])('who %s does not keep a role from letting go', async (_, sent) => {
  if (sent !== '') socket.write(sent)
  const other = await fetch(`http://127.0.0.1:${socket.remotePort}/livez`)
  expect(other.status).toBe(200)
  expect(await stop()).toBe(0)
  expect(said).toContain('"let go"')
})

test('who is told to stop once more finishes the stop that it has begun', async () => {
  socket.write('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(socket, 'data')
  const ended = once(role, 'exit')
  role.kill('SIGTERM')
  await eventually('it stops', () => said.includes('"stopping"'))
  role.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(said).toContain('"let go"')
})

test('an answer without an end does not keep a role from letting go', async () => {
  socket.write('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(socket, 'data')
  expect(await stop()).toBe(0)
  expect(said).toContain('"let go"')
})
