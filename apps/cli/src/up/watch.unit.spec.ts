import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout, localSettings, portsFrom, writePidFile } from '#local-runtime'
import { parseConfig } from '#runtime'
import { type Local } from '../local.js'
import { isStopped } from '../running-controller.js'
import { watch } from './watch.js'

let here: Local
beforeEach(async () => {
  const layout = dataLayout(await mkdtemp(join(tmpdir(), 'headwater-watch-')))
  await mkdir(layout.run)
  here = {
    config: parseConfig(localSettings, { HEADWATER_DATA: layout.root }),
    layout,
    ports: portsFrom(7_400),
    controllerUrl: 'none',
  }
})
afterEach(() => rm(here.layout.root, { recursive: true, force: true }))

const file = (instance: string): string => join(here.layout.run, `${instance}.json`)

test('what somebody else has stopped is not started again', async () => {
  await watch(here, new AbortController().signal)
  expect(existsSync(here.layout.logs)).toBe(false)
})

test('a controller that died has not stopped anything, nor has one that was ended by itself', async () => {
  await writeFile(file('controller-1'), JSON.stringify({ pid: 0, started: '0' }))
  expect(await isStopped(here)).toBe(false)
  await rm(file('controller-1'))
  await writePidFile(file('projector-1'), process.pid)
  expect(await isStopped(here)).toBe(false)
})
