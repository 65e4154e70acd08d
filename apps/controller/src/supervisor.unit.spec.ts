import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout, type LocalPlan, portsFrom, readPidFile, urlsOf } from '#local-runtime'
import { eventually, silentLogger } from '#testing'
import { Sleeper } from './fixtures/sleeper.js'
import { Supervisor } from './supervisor.js'

let folder: string
let sleepers: readonly Sleeper[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-supervisor-'))
  sleepers = ['first', 'second', 'third'].map((name) => new Sleeper(name, folder))
})
afterEach(async () => {
  for (const each of sleepers) each.kill()
  await rm(folder, { recursive: true, force: true })
})

/** Three waves, of which the second never becomes ready. */
function supervisor(): Supervisor {
  const [first, second, third] = sleepers
  second!.reason = 'not yet'
  const ports = portsFrom(10_000)
  const plan: LocalPlan = {
    layout: { ...dataLayout(folder), run: folder, logs: folder },
    ports,
    urls: urlsOf(ports),
    components: sleepers.map((each) => each.component),
    startOrder: [[first!.name], [second!.name], [third!.name]],
    stopOrder: [third!.name, second!.name, first!.name],
    headTold: { role: 'first', fact: 'position' },
  }
  return new Supervisor(plan, silentLogger())
}

test('a stop while a wave is waited for ends what runs, and no later wave is started after it', async () => {
  const starting = supervisor()
  const started = starting.start()
  await eventually('the second wave runs', () => readPidFile(join(folder, 'second.json')))
  await starting.stopAll()
  await started
  expect(sleepers.map(({ launches }) => launches)).toEqual([1, 1, 0])
  expect(sleepers.flatMap((each) => each.running())).toEqual([])
})

test('a stop comes before a start: nothing is started', async () => {
  const stopped = supervisor()
  await stopped.stopAll()
  await stopped.start()
  stopped.release()
  expect(sleepers.map(({ launches }) => launches)).toEqual([0, 0, 0])
})

test('a stop also ends what an earlier supervisor left and this one has not come to yet', async () => {
  for (const each of sleepers) await each.runAlready()
  const successor = supervisor()
  const started = successor.start()
  await eventually('the second wave is taken over', () => successor.processes[1]?.pid)
  await successor.stopAll()
  await started
  expect(sleepers.map(({ launches }) => launches)).toEqual([0, 0, 0])
  expect(sleepers.flatMap((each) => each.running())).toEqual([])
})
