import { type RecordedEvent } from '#domain-kit'
import { type EventBatch } from '../port.js'
import { Mailbox } from './live-feed.js'

/** A commit of the events at these positions. */
function commit(first: number, last: number): EventBatch {
  const events = Array.from(
    { length: last - first + 1 },
    (_, at) => ({ position: BigInt(first + at) }) as RecordedEvent,
  )
  return { after: BigInt(first - 1), position: BigInt(last), events }
}

const rangeOf = (batch: EventBatch | undefined): unknown =>
  batch && [batch.after, batch.position, batch.events.map(({ position }) => Number(position))]

let mailbox: Mailbox
beforeEach(() => {
  mailbox = new Mailbox()
})

const next = async (events_max: number): Promise<unknown> => rangeOf(await mailbox.next(1, events_max))

test('commits that wait are taken as one batch, of no more events than wanted', async () => {
  for (const [first, last] of [
    [1, 2],
    [3, 3],
    [4, 6],
  ] as const)
    mailbox.put(commit(first, last))
  expect(await next(3)).toEqual([0n, 3n, [1, 2, 3]])
  expect(await next(3)).toEqual([3n, 6n, [4, 5, 6]])
  expect(await next(3)).toBeUndefined()
})

test('a commit is never cut, however large it is', async () => {
  mailbox.put(commit(1, 5))
  mailbox.put(commit(6, 6))
  expect(await next(2)).toEqual([0n, 5n, [1, 2, 3, 4, 5]])
  expect(await next(2)).toEqual([5n, 6n, [6]])
})

test('of what is not wanted only the positions are told', async () => {
  mailbox = new Mailbox(
    () => undefined,
    ({ type }) => type === 'Odd',
  )
  const named = ({ events, ...batch }: EventBatch): EventBatch => ({
    ...batch,
    events: events.map((event) => ({ ...event, type: event.position % 2n === 1n ? 'Odd' : 'Even' })),
  })
  mailbox.put(named(commit(1, 3)))
  mailbox.put(named(commit(4, 4)))
  expect(await next(3)).toEqual([0n, 3n, [1, 3]])
  expect(await next(3)).toEqual([3n, 4n, []])
})

test('across a hole nothing is joined', async () => {
  mailbox.put(commit(1, 1))
  mailbox.put(commit(3, 3))
  expect(await next(10)).toEqual([0n, 1n, [1]])
  expect(await next(10)).toEqual([2n, 3n, [3]])
})

test('so does who has too many bytes waiting, however few the events are', async () => {
  const rows = Buffer.alloc(8 * 1024 * 1024)
  for (let at = 1; at <= 3; at += 1) mailbox.put({ ...commit(at, at), rows })
  expect(await next(10)).toEqual([2n, 3n, [3]])
})

test('who is too slow loses what waits, and hears of the newest', async () => {
  for (let at = 1; at <= 20_001; at += 1) mailbox.put(commit(at, at))
  expect(await next(10)).toEqual([20_000n, 20_001n, [20_001]])
})
