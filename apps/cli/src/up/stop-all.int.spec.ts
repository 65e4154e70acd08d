import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout, isAlive, localSettings, type PidFile, portsFrom, readPidFile, writePidFile } from '#local-runtime'
import { parseConfig } from '#runtime'
import { eventually, freePort } from '#testing'
import { type Local } from '../local.js'
import { stopAll } from './stop-all.js'

const INSTANCES = [
  ...['event-writer-1', 'event-writer-2', 'query-api-1', 'projector-1', 'command-api-1', 'reporter-1', 'reactor-1'],
]
/** Nothing is asked of them: with servers elsewhere the controller has none to start. */
const SERVERS = {
  EVENT_STORE_URL: 'postgres://127.0.0.1:1/log',
  PRIMARY_URL: 'postgres://127.0.0.1:1/read',
  REDIS_URL: 'redis://127.0.0.1:1',
}
/** Controllers that were started for another test do not count. */
const QUICK = { start_pause_ms: 300 }
const before = { ...process.env }

let here: Local
let stand: Map<string, PidFile>
beforeEach(async () => {
  Object.assign(process.env, SERVERS)
  const folder = await mkdtemp(join(tmpdir(), 'headwater-stop-'))
  // The controller's port is free; of the others none is opened.
  const base = (await freePort()) - 3
  const env = { ...SERVERS, HEADWATER_DATA: folder, HEADWATER_PORT_BASE: String(base) }
  here = {
    config: parseConfig(localSettings, env),
    layout: dataLayout(folder),
    ports: portsFrom(base),
    controllerUrl: `http://127.0.0.1:${base + 3}`,
  }
  await mkdir(here.layout.run)
  stand = new Map()
})
afterEach(async () => {
  process.env = { ...before }
  for (const name of [...stand.keys(), 'controller-1']) await kill(name)
  await rm(here.layout.root, { recursive: true, force: true })
})

const fileOf = (name: string): string => join(here.layout.run, `${name}.json`)

/** A process that a controller takes for this instance of ours. */
async function standIn(name: string, script = 'exec sleep 600'): Promise<void> {
  const { pid } = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' })
  const written = await writePidFile(fileOf(name), pid ?? 0)
  if (written) stand.set(name, written)
}

const left = (): readonly string[] => [...stand].filter(([, each]) => isAlive(each)).map(([name]) => name)

async function kill(name: string): Promise<void> {
  const found = await readPidFile(fileOf(name))
  if (found) process.kill(found.pid, 'SIGKILL')
}

test('without a controller one is started to stop everything', async () => {
  for (const name of INSTANCES) await standIn(name)
  expect(left()).toEqual(INSTANCES)
  await stopAll(here, QUICK)
  expect(left()).toEqual([])
  expect(await readPidFile(fileOf('controller-1'))).toBeUndefined()
})

test('when the controller dies in the midst of the stop, another one goes on with it', async () => {
  for (const name of INSTANCES) await standIn(name, name === 'query-api-1' ? 'trap "" TERM; exec sleep 600' : undefined)
  const stopped = stopAll(here, QUICK)
  await eventually('the first is stopped', () => !left().includes('command-api-1'))
  await kill('controller-1')
  await kill('query-api-1')
  await stopped
  expect(left()).toEqual([])
})

test('what no controller stops is named, and nothing is said to be stopped', async () => {
  await standIn('stranger-1')
  const said = jest.spyOn(process.stderr, 'write')
  await expect(stopAll(here, QUICK)).rejects.toThrow('still running: stranger-1;')
  expect(said).not.toHaveBeenCalledWith(expect.stringContaining('Stopped'))
  // Three controllers, each of which starts and stops all roles.
})
