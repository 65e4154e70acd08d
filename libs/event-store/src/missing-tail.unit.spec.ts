import { missingTail } from './missing-tail.js'
import { DEFAULT_LIMITS, type Expected } from './port.js'

const STREAM = 'thing-1'
const expecting = (...all: readonly Expected[]) => all.map((expected) => ({ stream: STREAM, expected }))

test.each<[string, Expected[], number, number, number]>([
  ['nothing of the stream was seen', ['none'], 4, 0, 5],
  ['some of it was', [1n], 4, 2, 3],
  ['the expectation is ahead of it', [9n], 4, 5, 0],
  ['the event at its end is another', [4n], 4, 5, 0],
  ['there is nothing', ['exists'], -1, 0, 0],
  ['the first of two fails', [1n, 4n], 4, 2, 3],
  ['the other of two fails', [4n, 1n], 4, 2, 3],
  ['both fail', [3n, 1n], 4, 2, 3],
  ['one is ahead of it', [9n, 1n], 4, 2, 3],
  ['one holds whatever there is', ['any', 1n], 4, 2, 3],
  ['one holds since there is something', ['exists', 3n], 4, 4, 1],
])('%s', (_, expected, revision, from, count) => {
  expect(missingTail(expecting(...expected), STREAM, revision, DEFAULT_LIMITS)).toEqual({ from, count })
})

test('what is expected of other streams is not asked', () => {
  const all = [{ stream: 'thing-2', expected: 'none' } as const, ...expecting(3n)]
  expect(missingTail(all, STREAM, 4, DEFAULT_LIMITS)).toEqual({ from: 4, count: 1 })
})

test('more than a conflict carries is left out', () => {
  const { conflict_tail_events: most } = DEFAULT_LIMITS
  expect(missingTail(expecting('none'), STREAM, most - 1, DEFAULT_LIMITS)).toEqual({ from: 0, count: most })
  expect(missingTail(expecting('none'), STREAM, most, DEFAULT_LIMITS)).toBeUndefined()
})
