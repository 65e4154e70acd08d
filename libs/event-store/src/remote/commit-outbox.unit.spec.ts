import { batchOf } from '../fixtures/committed.js'
import { wantedBy } from '../wanted.js'
import { CommitOutbox } from './commit-outbox.js'

const THINGS = wantedBy({ aggregates: ['thing'] })

let wake: jest.Mock<undefined, []>

beforeEach(() => {
  jest.useFakeTimers()
  wake = jest.fn<undefined, []>()
})
afterEach(() => {
  jest.useRealTimers()
})

/** Everything that waits: after, position and the streams of its events. */
function taken(outbox: CommitOutbox): unknown[] {
  const all: unknown[] = []
  for (let batch = outbox.take(); batch; batch = outbox.take())
    all.push([Number(batch.after), Number(batch.position), batch.events.map(({ stream }) => stream)])
  return all
}

test('who wants all gets each commit at once', () => {
  const outbox = new CommitOutbox(undefined, wake)
  outbox.put(batchOf(0, [['thing-a', 0], ['other-a', 0]])) // prettier-ignore
  outbox.put(batchOf(2, [['other-a', 1]]))
  expect(wake).toHaveBeenCalledTimes(2)
  expect(taken(outbox)).toEqual([
    [0, 2, ['thing-a', 'other-a']],
    [2, 3, ['other-a']],
  ])
})

test('of a commit only what is wanted is sent, with what was passed over before it', () => {
  const outbox = new CommitOutbox(THINGS, wake)
  outbox.put(batchOf(0, [['other-a', 0]]))
  outbox.put(batchOf(1, [['other-a', 1]]))
  expect(wake).not.toHaveBeenCalled()
  outbox.put(batchOf(2, [['other-a', 2], ['thing-a', 0], ['other-b', 0], ['thing-b', 0]])) // prettier-ignore
  outbox.put(batchOf(6, [['thing-a', 1]]))
  expect(wake).toHaveBeenCalledTimes(2)
  expect(taken(outbox)).toEqual([
    [0, 6, ['thing-a', 'thing-b']],
    [6, 7, ['thing-a']],
  ])
  jest.runAllTimers()
  expect(taken(outbox)).toEqual([])
})

test('where nothing is wanted it is told from time to time how far the log has come', () => {
  const outbox = new CommitOutbox(THINGS, wake)
  for (let after = 0; after < 10; after += 1) outbox.put(batchOf(after, [['other-a', after]]))
  expect(taken(outbox)).toEqual([])
  jest.runAllTimers()
  expect(wake).toHaveBeenCalledTimes(1)
  expect(taken(outbox)).toEqual([[0, 10, []]])
  outbox.put(batchOf(10, [['other-a', 10]]))
  jest.runAllTimers()
  expect(taken(outbox)).toEqual([[10, 11, []]])
})

test('a hole between commits stays one', () => {
  const outbox = new CommitOutbox(THINGS, wake)
  outbox.put(batchOf(0, [['other-a', 0]]))
  outbox.put(batchOf(5, [['thing-a', 0]]))
  expect(taken(outbox)).toEqual([
    [0, 1, []],
    [5, 6, ['thing-a']],
  ])
})

test('of a subscriber that does not take, a bounded number of commits is kept, and none over the gap', () => {
  const outbox = new CommitOutbox(THINGS, wake)
  for (let after = 0; after < 1_000; after += 1) outbox.put(batchOf(after, [['thing-a', after]]))
  const all = taken(outbox) as [number, number, unknown][]
  expect(all.length).toBeLessThanOrEqual(64)
  expect(all.at(-1)?.[1]).toBe(1_000)
  expect(all.every(([after], at) => at === 0 || after === all[at - 1]?.[1])).toBe(true)
})

test('nothing comes after it was closed', () => {
  const outbox = new CommitOutbox(THINGS, wake)
  outbox.put(batchOf(0, [['other-a', 0]]))
  outbox.close()
  jest.runAllTimers()
  expect(wake).not.toHaveBeenCalled()
  expect(taken(outbox)).toEqual([])
})
