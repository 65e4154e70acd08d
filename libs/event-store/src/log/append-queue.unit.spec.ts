import fc from 'fast-check'
import { newEvents, newRequest } from '../contract/requests.js'
import { DEFAULT_LIMITS } from '../port.js'
import { AppendQueue, earliestOf, type Waiting } from './append-queue.js'
import { BatchLimit } from '../postgres/batch-limit.js'
import { plan } from './pack.js'

const waiter = { settle: () => undefined, fail: () => undefined }

type Priority = 'interactive' | 'bulk'

function waiting(index: number, stream: string, priority: Priority, events = 1): Waiting {
  const request = newRequest(stream, { priority, events: newEvents(events) })
  return { append: plan(request, DEFAULT_LIMITS), waiter, index, since_ms: index }
}

const arrivals = fc.array(
  fc.record({
    stream: fc.constantFrom('thing-1', 'thing-2', 'thing-3', 'thing-4'),
    priority: fc.constantFrom('interactive' as const, 'bulk' as const),
  }),
  { maxLength: 60 },
)

test('everything leaves once, and the appends of one stream in the order in which they came', () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 20 }), (all, events_max) => {
      const queue = new AppendQueue()
      for (const [index, { stream, priority }] of all.entries()) queue.push(waiting(index, stream, priority))
      const left: Waiting[] = []
      while (queue.length > 0) {
        const batch = queue.take(events_max, Infinity)
        expect(batch.length).toBeGreaterThan(0)
        expect(batch.length).toBeLessThanOrEqual(events_max)
        left.push(...batch)
      }
      expect(left.map(({ index }) => index).sort((a, b) => a - b)).toEqual(all.map((_, index) => index))
      for (const name of ['thing-1', 'thing-2', 'thing-3', 'thing-4']) {
        const mine = left.filter(({ append }) => append.writes[0]?.stream === name).map(({ index }) => index)
        expect(mine).toEqual([...mine].sort((a, b) => a - b))
      }
    }),
  )
})

test('a batch has no more names than asked for, but is never empty: keys, claims and streams that are written or checked', () => {
  const queue = new AppendQueue()
  const claims = Array.from({ length: 5 }, (_, at) => ({ stream: 'thing-1', name: `name-${at}` }))
  const checks = Array.from({ length: 3 }, (_, at) => ({ stream: `other-${at}`, expected: 'any' as const }))
  const request = newRequest('thing-1', { claims, checks })
  for (let index = 0; index < 8; index += 1)
    queue.push({ append: plan(request, DEFAULT_LIMITS), waiter, index, since_ms: index })
  const taken = [9, 10, 19, 20, 39].map((names) => queue.take(Infinity, Infinity, names).length)
  expect(taken).toEqual([1, 1, 1, 2, 3])
})

test('what people wait for goes before what programs send in bulk, which is not starved either', () => {
  const queue = new AppendQueue()
  for (let index = 0; index < 100; index += 1) queue.push(waiting(index, `bulk-${index}`, 'bulk'))
  for (let index = 100; index < 200; index += 1) queue.push(waiting(index, `person-${index}`, 'interactive'))
  const batch = queue.take(40, Infinity)
  expect(batch.filter(({ append }) => !append.isBulk)).toHaveLength(30)
  expect(batch.filter(({ append }) => append.isBulk)).toHaveLength(10)
  expect(queue.take(Infinity, Infinity)).toHaveLength(160)
})

test('a batch is no larger than asked for in bytes, but never empty', () => {
  const queue = new AppendQueue()
  for (let index = 0; index < 3; index += 1) queue.push(waiting(index, 'thing-1', 'interactive'))
  expect(queue.take(Infinity, 1)).toHaveLength(1)
  expect(queue.take(Infinity, 1)).toHaveLength(1)
  expect(queue.drain()).toHaveLength(1)
})

/** Takes batches of 40 events, each time with as many interactive appends waiting, until a bulk one is in it. @returns how many. */
function batchesUntilBulk(queue: AppendQueue, stream: (index: number) => string): number {
  for (let batches = 1, index = 0; batches < 100; batches += 1) {
    while (queue.length < 100) queue.push(waiting((index += 1), stream(index), 'interactive'))
    const batch = queue.take(40, Infinity)
    expect(batch.length).toBeGreaterThan(0)
    if (batch.some(({ append }) => append.isBulk)) {
      expect(batch.reduce((sum, { append }) => sum + append.events, 0)).toBeLessThanOrEqual(
        Math.max(40, batch[0]!.append.events),
      )
      return batches
    }
  }
  return Infinity
}

test.each([
  ['larger than its share', 11],
  ['as large as a batch', 40],
  ['larger than a batch', 300],
])('a bulk append %s goes after some batches, however many people there are', (_, events) => {
  const queue = new AppendQueue()
  queue.push(waiting(0, 'bulk-1', 'bulk', events))
  expect(batchesUntilBulk(queue, (index) => `person-${index}`)).toBe(9)
  queue.push(waiting(0, 'bulk-1', 'bulk', events))
  expect(batchesUntilBulk(queue, (index) => `person-${index}`)).toBe(9)
})

test('it does not overtake an interactive append that came before it to the same stream', () => {
  const queue = new AppendQueue()
  for (let index = 0; index < 400; index += 1) queue.push(waiting(index, `person-${index}`, 'interactive'))
  queue.push(waiting(400, 'thing-1', 'interactive'))
  queue.push(waiting(401, 'thing-1', 'bulk', 300))
  const left: number[] = []
  while (queue.length > 0) {
    const batch = queue.take(40, Infinity)
    expect(batch.length).toBeGreaterThan(0)
    left.push(...batch.map(({ index }) => index))
  }
  expect(left).toEqual(Array.from({ length: 402 }, (_, index) => index))
})

test('the longest wait of a batch is that of any of its appends, bulk ones too', () => {
  const queue = new AppendQueue()
  queue.push(waiting(3, 'bulk-1', 'bulk'))
  queue.push(waiting(7, 'person-1', 'interactive'))
  const batch = queue.take(40, Infinity)
  expect(batch.map(({ since_ms }) => since_ms)).toEqual([7, 3])
  expect(earliestOf(batch, 10)).toBe(3)
  expect(earliestOf([], 10)).toBe(10)
})

test.each(['interactive', 'bulk'] as const)(
  '%s appends find room up to a number and up to so many bytes',
  (priority) => {
    const share = priority === 'bulk' ? 2 : 1
    const append = waiting(0, 'thing-1', priority)
    const bytes = append.append.packed_bytes
    const accepted = (queue: AppendQueue): number => {
      let count = 0
      for (; queue.hasRoomFor(append.append) && count < 100; count += 1) queue.push(append)
      return count
    }
    const byNumber = new AppendQueue({ appends: 20, size_bytes: Infinity })
    expect(accepted(byNumber)).toBe(20 / share)
    const byBytes = new AppendQueue({ appends: Infinity, size_bytes: 10 * bytes })
    expect(accepted(byBytes)).toBe(10 / share)
    byBytes.take(2, Infinity)
    expect(accepted(byBytes)).toBe(2)
    byBytes.drain()
    expect(accepted(byBytes)).toBe(10 / share)
    expect(new AppendQueue({ appends: 1, size_bytes: 1 }).hasRoomFor(append.append)).toBe(true)
  },
)

test('a queue full of bulk appends has room for what people wait for', () => {
  const bulk = waiting(0, 'bulk-1', 'bulk').append
  const queue = new AppendQueue({ appends: Infinity, size_bytes: 4 * bulk.packed_bytes })
  while (queue.hasRoomFor(bulk)) queue.push(waiting(0, 'bulk-1', 'bulk'))
  expect(queue.hasRoomFor(waiting(0, 'thing-1', 'interactive').append)).toBe(true)
})

test('a slow disk gets smaller batches, a fast one larger ones, and neither beyond its bounds', () => {
  const limit = new BatchLimit()
  const sizes = (commit_ms: number): number[] =>
    Array.from({ length: 50 }, () => {
      limit.committed(limit.events_max, commit_ms)
      return limit.events_max
    })
  expect(Math.min(...sizes(500))).toBe(256)
  expect(Math.max(...sizes(2))).toBe(4_096)
  limit.committed(10, 2)
  expect(limit.events_max).toBe(4_096)
})
