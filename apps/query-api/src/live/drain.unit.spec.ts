import { drain, type Leaving, windowFor } from './drain.js'

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

class Reader implements Leaving {
  leftAt_ms: number | undefined
  constructor(public isBusy = false) {}
  leave(): void {
    this.leftAt_ms = performance.now()
  }
}

test('the window grows with how many there are, up to what the stop allows', () => {
  expect([0, 100, 10_000].map((count) => windowFor(count, 7_500))).toEqual([0, 100, 7_500])
})

test('all go, a few at a time, spread evenly over the window, in no order', async () => {
  const readers = Array.from({ length: 1_000 }, () => new Reader())
  const begun_ms = performance.now()
  const drained = drain(readers, 5_000)
  await jest.advanceTimersByTimeAsync(1_000)
  await drained
  const left = readers.map(({ leftAt_ms = NaN }) => leftAt_ms - begun_ms)
  const together = new Map<number, number>()
  for (const each of left) together.set(each, (together.get(each) ?? 0) + 1)
  expect(Math.max(...left)).toBe(1_000)
  expect(Math.max(...together.values())).toBeLessThanOrEqual(60)
  expect(left).not.toEqual([...left].sort((a, b) => a - b))
})

test('who is busy goes when it is not', async () => {
  const busy = new Reader(true)
  const begun_ms = performance.now()
  const drained = drain([busy, new Reader()], 5_000)
  await jest.advanceTimersByTimeAsync(1_000)
  expect(busy.leftAt_ms).toBeUndefined()
  busy.isBusy = false
  await jest.advanceTimersByTimeAsync(100)
  await drained
  expect((busy.leftAt_ms ?? NaN) - begun_ms).toBeLessThanOrEqual(1_100)
})

test.each([0, 2_000])('who stays busy goes after %d ms: the stop has a deadline', async (window_ms_max) => {
  const busy = new Reader(true)
  const begun_ms = performance.now()
  const drained = drain([busy], window_ms_max)
  await jest.advanceTimersByTimeAsync(window_ms_max)
  await drained
  expect((busy.leftAt_ms ?? NaN) - begun_ms).toBe(window_ms_max)
})
