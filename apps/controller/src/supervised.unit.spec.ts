import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout } from '#local-runtime'
import { silentLogger } from '#testing'
import { Sleeper } from './fixtures/sleeper.js'
import { Supervised } from './supervised.js'

let folder: string
let sleeper: Sleeper
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-supervised-'))
  sleeper = new Sleeper('sleeper', folder)
})
afterEach(async () => {
  sleeper.kill()
  await rm(folder, { recursive: true, force: true })
})

test('a process whose pid cannot be written down is ended: nobody would find it again', async () => {
  const layout = { ...dataLayout(folder), run: join(folder, 'missing'), logs: folder }
  const supervised = new Supervised(sleeper.component, layout, silentLogger())
  await supervised.start()
  expect(sleeper.launches).toBe(1)
  expect(supervised.state).toBe('backoff')
  expect(sleeper.running()).toEqual([])
  await supervised.stop()
})
