import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { eventually, freePort, isFree } from '#testing'

let folder: string
let port: number
let controller: ChildProcess
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-controller-'))
  port = await freePort()
})
afterEach(async () => {
  if (controller.exitCode === null && controller.signalCode === null && controller.kill('SIGKILL'))
    await once(controller, 'exit')
  await rm(folder, { recursive: true, force: true })
})

test('a controller that cannot write down who it is ends, and leaves the port', async () => {
  await mkdir(join(folder, 'run', 'controller-1.json'), { recursive: true })
  controller = spawn(process.execPath, [join(projectRoot(), 'dist', 'apps', 'controller', 'src', 'main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      EVENT_STORE_URL: 'postgres://127.0.0.1:1/log',
      PRIMARY_URL: 'postgres://127.0.0.1:1/read',
      REDIS_URL: 'redis://127.0.0.1:1',
      HEADWATER_DATA: folder,
      HEADWATER_INSTANCE: 'controller-1',
      HEADWATER_PORT: String(port),
      HEADWATER_PORT_BASE: String(port - 3),
    },
  })
  let said = ''
  controller.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await eventually('it has ended', () => controller.exitCode !== null)
  expect(controller.exitCode).toBe(1)
  expect(said).toContain('the start failed')
  expect(await isFree(port)).toBe(true)
})
