import { type RecordedEvent } from '#domain-kit'
import { batchOf } from '../fixtures/committed.js'
import { CommittedBatch } from './committed-batch.js'
import { RecentRows } from './recent-rows.js'

const placesOf = (events: readonly RecordedEvent[]): unknown =>
  events.map(({ stream, revision, position }) => [stream, Number(revision), Number(position)])

test('the events that follow a revision of a stream, over several commits', () => {
  const recent = new RecentRows()
  recent.put(batchOf(0, [['thing-ä', 0], ['thing-b', 0], ['thing-ä', 1]])) // prettier-ignore
  recent.put(batchOf(3, [['thing-ä', 2]]))
  expect(placesOf(recent.after('thing-ä', -1))).toEqual([
    ['thing-ä', 0, 1],
    ['thing-ä', 1, 3],
    ['thing-ä', 2, 4],
  ])
  expect(placesOf(recent.after('thing-ä', 1))).toEqual([['thing-ä', 2, 4]])
  expect(recent.after('thing-ä', 2)).toEqual([])
  expect(recent.after('thing-c', -1)).toEqual([])
})

test('a hole ends what is told', () => {
  const recent = new RecentRows()
  recent.put(batchOf(10, [['thing-a', 5]]))
  recent.put(batchOf(20, [['thing-a', 7], ['thing-a', 8]])) // prettier-ignore
  expect(recent.after('thing-a', 3)).toEqual([])
  expect(placesOf(recent.after('thing-a', 4))).toEqual([['thing-a', 5, 11]])
  expect(placesOf(recent.after('thing-a', 6))).toEqual([
    ['thing-a', 7, 21],
    ['thing-a', 8, 22],
  ])
})

test('what is old is forgotten, the youngest is kept', () => {
  const recent = new RecentRows()
  const large = 'x'.repeat(1024 * 1024)
  for (let at = 0; at < 20; at += 1) recent.put(batchOf(at, [['thing-a', at]], large))
  expect(recent.after('thing-a', -1)).toEqual([])
  expect(recent.after('thing-a', 11)).toEqual([])
  expect(recent.after('thing-a', 14)).toHaveLength(5)
})

test('what is no row is refused', () => {
  const recent = new RecentRows()
  expect(() => recent.put(new CommittedBatch(0n, 1n, Buffer.alloc(80)))).toThrow('no event begins at byte 0')
})
