import { Sleepers } from './sleepers.js'

const LONG_MS = 60_000

test('all are woken by news, once', async () => {
  const sleepers = new Sleepers()
  const asleep = Promise.all([sleepers.sleep(LONG_MS), sleepers.sleep(LONG_MS)])
  expect(sleepers.size).toBe(2)
  sleepers.wake()
  await asleep
  expect(sleepers.size).toBe(0)
})

test('without news each sleeps as long as it was told, or until it gives up', async () => {
  const sleepers = new Sleepers()
  const stop = new AbortController()
  const given = sleepers.sleep(LONG_MS, stop.signal)
  await sleepers.sleep(-5)
  expect(sleepers.size).toBe(1)
  stop.abort()
  await given
  expect(sleepers.size).toBe(0)
})
