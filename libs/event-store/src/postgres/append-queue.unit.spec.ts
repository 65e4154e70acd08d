import fc from 'fast-check'
import { newRequest } from '../contract/requests.js'
import { DEFAULT_LIMITS } from '../port.js'
import { AppendQueue, type Waiting } from './append-queue.js'
import { BatchLimit } from './batch-limit.js'
import { plan } from './pack.js'

const waiter = { settle: () => undefined, fail: () => undefined }

function waiting(index: number, stream: string, priority: 'interactive' | 'bulk'): Waiting {
  return { append: plan(newRequest(stream, { priority }), DEFAULT_LIMITS), waiter, index, since_ms: index }
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
