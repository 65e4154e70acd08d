import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Check, dataLayout } from '#local-runtime'
import { eventually, silentLogger } from '#testing'
import { Sleeper } from './fixtures/sleeper.js'
import { Supervised } from './supervised.js'

let folder: string
let sleeper: Sleeper
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-supervised-'))
  sleeper = new Sleeper('sleeper', folder)
})
afterEach(async () => {
  jest.restoreAllMocks()
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

test('why it cannot be started is told, not that something has ended that never ran', async () => {
  sleeper.prepare = () => Promise.reject(new Error('do X'))
  const supervised = new Supervised(
    sleeper.component,
    { ...dataLayout(folder), run: folder, logs: folder },
    silentLogger(),
  )
  await supervised.start()
  expect([supervised.state, supervised.last.reason]).toEqual(['backoff', 'do X'])
})

test('a check that fails does not end what is adopted: it lives, and is not ready', async () => {
  await sleeper.runAlready()
  sleeper.check = () => Promise.reject(new Error('not known'))
  const supervised = new Supervised(
    sleeper.component,
    { ...dataLayout(folder), run: folder, logs: folder },
    silentLogger(),
  )
  await supervised.start()
  expect(supervised).toMatchObject({ state: 'unready', last: { reason: 'not known' } })
  expect(sleeper.running()).toEqual([supervised.pid])
  await supervised.stop()
})

test('a check that never ends does not keep what it checks from being stopped', async () => {
  sleeper.check = () => new Promise(() => undefined)
  sleeper.stop_ms = 200
  const supervised = new Supervised(
    sleeper.component,
    { ...dataLayout(folder), run: folder, logs: folder },
    silentLogger(),
  )
  void supervised.start()
  await eventually('it runs', () => supervised.pid)
  await supervised.stop()
  expect([supervised.state, sleeper.running()]).toEqual(['stopped', []])
})

test('who asks how it is now is not told what was found by a look that had begun before', async () => {
  const supervised = new Supervised(
    sleeper.component,
    { ...dataLayout(folder), run: folder, logs: folder },
    silentLogger(),
  )
  await supervised.start()
  let answer: (check: Check) => void = () => undefined
  sleeper.check = () => new Promise((resolve) => (answer = resolve))
  const before = supervised.tick()
  await eventually('a check is under way', () => answer.length > 0)
  sleeper.check = () => Promise.resolve({ reason: 'not now' })
  const asked = supervised.refresh()
  answer({ reason: undefined })
  await Promise.all([before, asked])
  expect(supervised.last.reason).toBe('not now')
  await supervised.stop()
})

describe('a process that ends again and again', () => {
  let now_ms = Date.now()
  let supervised: Supervised
  beforeEach(async () => {
    jest.spyOn(Date, 'now').mockImplementation(() => now_ms)
    sleeper.reason = 'not yet'
    supervised = new Supervised(sleeper.component, { ...dataLayout(folder), run: folder, logs: folder }, silentLogger())
    await supervised.start()
    for (let pause_ms = 100; pause_ms <= 3_200; pause_ms *= 2) {
      await ends()
      expect(supervised.state).toBe('backoff')
      await lookAfter(pause_ms)
    }
    await ends()
  })
  afterEach(() => supervised.stop())

  async function ends(): Promise<void> {
    sleeper.kill()
    await eventually('its end is seen', () => supervised.pid === undefined)
  }
  async function lookAfter(pause_ms: number): Promise<void> {
    now_ms += pause_ms
    await supervised.tick()
  }

  test('is tried every 15 s, however long that has gone on', async () => {
    for (let launches = 7; launches < 12; launches += 1) {
      await lookAfter(14_999)
      expect([supervised.state, sleeper.launches]).toEqual(['crash-loop', launches])
      await lookAfter(1)
      expect([supervised.state, sleeper.launches]).toEqual(['crash-loop', launches + 1])
      await ends()
    }
  })

  test('is one that is not ready, and no more, when it has stayed alive for longer than that', async () => {
    await lookAfter(15_000)
    await lookAfter(30_000)
    expect(supervised.state).toBe('crash-loop')
    await lookAfter(1)
    expect(supervised.state).toBe('unready')
    await ends()
    expect(supervised.state).toBe('backoff')
  })

  test('is as any other again when it was ready once', async () => {
    await lookAfter(15_000)
    sleeper.reason = undefined
    await supervised.tick()
    expect(supervised.state).toBe('ready')
    now_ms += 30_000
    await ends()
    expect(supervised.state).toBe('backoff')
  })
})
