import { newEvent, newRequest } from '../contract/requests.js'
import { type AppendRequest, DEFAULT_LIMITS } from '../port.js'
import { type BatchSize, namesIn } from './append-queue.js'
import { Batch, type World } from './batch.js'
import { noEvents, type StreamHead } from './heads.js'
import { plan } from './pack.js'

const STREAM = 'thing-1'
let world: World

beforeEach(() => {
  const heads = new Map<string, StreamHead>()
  world = {
    head: (stream) => {
      const head = heads.get(stream) ?? noEvents()
      heads.set(stream, head)
      return head
    },
    taken: () => 0,
    take: () => undefined,
  }
})

/** All of these in one batch. */
function decide(...requests: readonly AppendRequest[]) {
  const planned = requests.map((each) => plan(each, DEFAULT_LIMITS))
  const sum = (of: (each: (typeof planned)[number]) => number): number =>
    planned.reduce((all, each) => all + of(each), 0)
  const bound: BatchSize = {
    events: sum(({ events }) => events),
    size_bytes: sum(({ size_bytes }) => size_bytes),
    names: sum(namesIn),
  }
  const batch = new Batch(0, 0, bound, world)
  return { verdicts: planned.map((each) => batch.accept(each)), sealed: batch.sealed() }
}

const appendAt = (expected: bigint | 'none'): AppendRequest => newRequest(STREAM, { expected })

test.each([
  ['another one was refused there', appendAt('none'), true],
  ['one of a chain was refused behind another of it that came to nothing', appendAt(2n), false],
])('who appends is told that there are others when %s', (_, refused, isContended) => {
  const { verdicts } = decide(appendAt('none'), appendAt(0n), refused)
  expect(verdicts.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'conflict'])
  expect(decide(appendAt(1n)).verdicts).toMatchObject([{ kind: 'accepted', isContended }])
})

test('followers keep what was accepted in memory, and not the room of what was refused', () => {
  const large = (): AppendRequest =>
    newRequest(STREAM, { expected: 'none', events: [newEvent({ text: 'x'.repeat(10_000) })] })
  const { verdicts, sealed } = decide(...Array.from({ length: 100 }, large))
  expect(verdicts.filter(({ kind }) => kind === 'accepted')).toHaveLength(1)
  const { rows, events } = sealed.committed
  expect(rows.buffer.byteLength).toBeLessThan(2 * rows.length)
  expect(events).toMatchObject([{ stream: STREAM, revision: 0n }])
})
