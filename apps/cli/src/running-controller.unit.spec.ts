import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout, localSettings, portsFrom, writePidFile } from '#local-runtime'
import { parseConfig } from '#runtime'
import { type Local } from './local.js'
import { runsElsewhere } from './running-controller.js'
import { up } from './up/up.js'

const before = { ...process.env }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-elsewhere-'))
  await mkdir(join(folder, 'run'))
})
afterEach(async () => {
  process.env = { ...before }
  await rm(folder, { recursive: true, force: true })
})

const at = (base: number): Local => ({
  config: parseConfig(localSettings, { HEADWATER_DATA: folder, HEADWATER_PORT_BASE: String(base) }),
  layout: dataLayout(folder),
  ports: portsFrom(base),
  controllerUrl: 'none',
})
const file = (instance: string): string => join(folder, 'run', `${instance}.json`)

test('who looks at other ports than those of the system is told which they are, and starts nothing', async () => {
  await writePidFile(file('controller-1'), process.pid, { portBase: 7_400 })
  expect(await runsElsewhere(at(7_400))).toBeUndefined()
  expect(await runsElsewhere(at(7_500))).toContain('at port base 7400')
  Object.assign(process.env, { HEADWATER_DATA: folder, HEADWATER_PORT_BASE: '7500' })
  await expect(up()).rejects.toThrow('at port base 7400: set HEADWATER_PORT_BASE=7400')
})

test('that holds when its controller has died, as long as anything runs', async () => {
  await writeFile(file('controller-1'), JSON.stringify({ pid: 0, started: '0', portBase: 7_400 }))
  expect(await runsElsewhere(at(7_500))).toBeUndefined()
  await writePidFile(file('projector-1'), process.pid)
  expect(await runsElsewhere(at(7_500))).toContain('at port base 7400')
})
