import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout, isAlive, localSettings, type PidFile, portsFrom, readPidFile } from '#local-runtime'
import { parseConfig, projectRoot } from '#runtime'
import { eventually, freePort } from '#testing'
import { askStatus } from '../controller-client.js'
import { type Local } from '../local.js'

/** Nothing is asked of them: with servers elsewhere the controller has none to start. */
const SERVERS = {
  EVENT_STORE_URL: 'postgres://127.0.0.1:1/log',
  PRIMARY_URL: 'postgres://127.0.0.1:1/read',
  REDIS_URL: 'redis://127.0.0.1:1',
}
let env: Record<string, string>
let here: Local
let running: ChildProcess[]
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-up-'))
  // The controller's port is free; of the others none is opened.
  const base = (await freePort()) - 3
  env = { ...SERVERS, HEADWATER_DATA: folder, HEADWATER_PORT_BASE: String(base) }
  running = []
  here = {
    config: parseConfig(localSettings, env),
    layout: dataLayout(folder),
    ports: portsFrom(base),
    controllerUrl: `http://127.0.0.1:${base + 3}`,
  }
})
afterEach(async () => {
  for (const each of running) if (isRunning(each) && each.kill('SIGTERM')) await once(each, 'exit')
  await rm(here.layout.root, { recursive: true, force: true })
})

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

interface Up {
  readonly child: ChildProcess
  readonly said: () => string
  readonly ended: Promise<unknown>
}

function up(): Up {
  const child = spawn(process.execPath, [join(projectRoot(), 'bin', 'headwater'), 'up'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  running.push(child)
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  return { child, said: () => said, ended: once(child, 'exit').then(([code]: unknown[]) => code) }
}

const controller = (): Promise<PidFile | undefined> => readPidFile(join(here.layout.run, 'controller-1.json'))

test('a second one on the same folder is refused and told what to do; the end of the first is the end of all', async () => {
  const first = up()
  const found = await eventually('its controller runs', controller)
  const second = up()
  expect(await second.ended).toBe(1)
  expect(second.said()).toContain(`runs already on the data folder ${here.layout.root}, as process ${first.child.pid}`)
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  expect(isAlive(found)).toBe(false)
  expect(await controller()).toBeUndefined()
  expect(await readFile(here.layout.up, 'utf8').catch(() => 'none')).toBe('none')
  // Three processes, one after the other.
})

test('the next one after a kill takes its place', async () => {
  const first = up()
  await eventually('its controller answers', () => askStatus(here))
  first.child.kill('SIGKILL')
  await first.ended
  const next = up()
  const isInForeground = async (): Promise<boolean> => (await readPidFile(here.layout.up))?.pid === next.child.pid
  await eventually('it is in the foreground', isInForeground)
  next.child.kill('SIGTERM')
  expect(await next.ended).toBe(0)
  expect(await controller()).toBeUndefined()
})
