import { ExpiryWheel, type Timed } from './expiry-wheel.js'

const at = (dueAt_ms: number): Timed => ({ dueAt_ms })

let told: Timed[]
let wheel: ExpiryWheel<Timed>
beforeEach(() => {
  told = []
  wheel = new ExpiryWheel((item) => told.push(item))
})
afterEach(() => wheel.close())

test('each is called once, before it is due and at most half a second early', () => {
  const items = Array.from({ length: 1_000 }, (_, ordinal) => at(1_000_000 + ordinal * 7))
  for (const each of items) wheel.add(each)
  for (let now_ms = 999_000; now_ms <= 1_007_000; now_ms += 250) {
    const before = told.length
    wheel.turn(now_ms)
    for (const { dueAt_ms } of told.slice(before)) {
      expect(dueAt_ms).toBeGreaterThanOrEqual(now_ms)
      expect(dueAt_ms - now_ms).toBeLessThan(500)
    }
  }
  expect(new Set(told).size).toBe(1_000)
  expect(told).toHaveLength(1_000)
})

test('what was taken off is not called', () => {
  const [kept, gone] = [at(1_000), at(1_010)]
  wheel.add(kept)
  wheel.add(gone)
  wheel.delete(gone)
  wheel.turn(5_000)
  expect(told).toEqual([kept])
})

test('what is put on again while it is called is called again', () => {
  const again = new ExpiryWheel<{ dueAt_ms: number }>((item) => {
    told.push(item)
    if (told.length > 1) return
    item.dueAt_ms = 9_000
    again.add(item)
  })
  again.add({ dueAt_ms: 1_000 })
  again.turn(1_000)
  expect(told).toHaveLength(1)
  again.turn(8_999)
  expect(told).toHaveLength(2)
})
