import { type Answer, type Carrier, type MissedItems, type NamedResource, type Place } from '#read-models'
import { type Principal } from '#runtime'
import { type LiveHub, type RowChange } from './hub.js'
import { type LiveReading } from './live-reads.js'
import { Subscription } from './subscription.js'

/** A read of what was missed that is under way, and ends when the test says so. */
interface Read {
  readonly after: Place
  readonly minPosition: bigint
  answer(positions: readonly number[], how?: { readonly isComplete?: boolean; readonly build?: number }): void
}

let reads: Read[]
let carrier: Carrier
let subscription: Subscription

const hub = {
  ...{ watch: () => undefined, unwatch: () => undefined, positionFor: () => 0n },
  carrierOf: () => carrier,
} as unknown as LiveHub
const item = ({ at }: { at?: number }): object => ({ at })
const named = { readable: { resource: { kind: 'list', item } }, params: {} } as unknown as NamedResource
const placeOf = (position: number): Place => ({ position: BigInt(position), ordinal: 0 })

const reader = {
  missed: (_: unknown, after: Place, __: unknown, { minPosition }: { minPosition: bigint }) =>
    new Promise<MissedItems>((resolve) => {
      const answer: Read['answer'] = (positions, { isComplete = true, build = 1 } = {}) => {
        const items = positions.map((at) => ({ place: placeOf(at), item: { at } }))
        resolve({ position: BigInt(positions.at(-1) ?? after.position), build, items, isComplete })
      }
      reads.push({ after, minPosition, answer })
    }),
  list: () => Promise.resolve({ position: 50n, build: 2, data: { page: 'newest' } } as unknown as Answer),
} as unknown as LiveReading

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const added = (at: number): RowChange => ({ op: 'new', row: { at }, created: placeOf(at), changed: BigInt(at) })

/** What it has for its reader by now: where, and of which positions the items are. */
function told(): unknown[] {
  const all: unknown[] = []
  for (let next = subscription.take(); next; next = subscription.take()) {
    const { text } = next.payload.packet(next.event, 's1')
    all.push([next.event, next.payload.position, ...[...text.matchAll(/"at":(\d+)/g)].map(([, at]) => Number(at))])
  }
  return all
}

const subscribed = (): Subscription =>
  new Subscription({
    ...{ id: 's1', named, hub, readerFor: () => reader, query: { filter: {} }, principal: {} as Principal },
    inTurn: (work) => work(),
    onPending: () => undefined,
    onFailed: (_, error) => {
      throw error
    },
  })

/** Comes back after position 1, and is answered the items of 2; more are there. */
beforeEach(async () => {
  reads = []
  carrier = { fleet: 'f', build: 1, liveAt: 0n }
  subscription = subscribed()
  const resuming = subscription.resume(1n, 0n)
  reads.shift()?.answer([2, 3], { isComplete: false })
  const answer = await resuming
  expect(answer).toMatchObject({ ok: true, position: '2', changes: [{ position: '2', data: { items: [{ at: 2 }] } }] })
  subscription.answer(() => undefined)
})

test('what was missed comes in chunks, what came meanwhile after it, each item once', async () => {
  subscription.changed([added(4), added(5)], 5n)
  expect(reads[0]?.after.position).toBe(2n)
  reads.shift()?.answer([3, 4])
  await settled()
  expect(told()).toEqual([
    ['change', '3', 3],
    ['change', '4', 4],
    ['change', '5', 5],
  ])
  expect(reads).toEqual([])
})

test.each([
  ['the chain of changes breaks', () => subscription.gap()],
  [
    'more comes than is kept',
    () => {
      for (let at = 5; at < 1_100; at += 1) subscription.changed([added(5)], 5n)
    },
  ],
])('when meanwhile %s, it reads on from where it was, when that was taken', async (_, happens) => {
  happens()
  reads.shift()?.answer([3, 4])
  await settled()
  expect(reads).toEqual([])
  const first = told()
  await settled()
  expect(reads[0]?.after.position).toBe(4n)
  subscription.changed([added(6)], 6n)
  reads.shift()?.answer([5])
  await settled()
  expect([...first, ...told()].map((each) => (each as unknown[])[1])).toEqual(['3', '4', '5', '6'])
})

/** More than is kept while it opens, the last at a position. */
function tellMany(last: number): void {
  for (let times = 0; times < 1_000; times += 1) subscription.changed([added(3)], 3n)
  subscription.changed([added(last)], BigInt(last))
}

test('what comes beyond what is kept, and is read all the same, is not read again', async () => {
  tellMany(4)
  reads.shift()?.answer([3, 4])
  await settled()
  subscription.changed([added(5)], 5n)
  expect(told().map((each) => (each as unknown[])[1])).toEqual(['3', '4', '5'])
  expect(reads).toEqual([])
})

test.each([
  ['it goes on when that was read', 50, ['51']],
  ['it begins anew when that was not read', 51, ['50', '51']],
])('more comes than is kept while it opens: %s', async (_, last, positions) => {
  subscription = subscribed()
  const opening = subscription.open(0n)
  tellMany(last)
  expect(await opening).toMatchObject({ ok: true, position: '50' })
  await settled()
  subscription.changed([added(51)], 51n)
  expect(told().map((each) => (each as unknown[])[1])).toEqual(positions)
})

test('when meanwhile another build is read, it begins anew', async () => {
  subscription.gap()
  carrier = { fleet: 'f', build: 2, liveAt: 3n }
  reads.shift()?.answer([3, 4], { build: 2 })
  await settled()
  expect(told()).toEqual([['reset', '50']])
  expect(reads).toEqual([])
})

test('a source that is behind what was told is not read from', async () => {
  subscription.gap()
  reads.shift()?.answer([3, 4])
  await settled()
  expect(told()).toHaveLength(2)
  await settled()
  expect(reads.map(({ after, minPosition }) => [after.position, minPosition])).toEqual([[4n, 4n]])
  reads.shift()?.answer([])
  await settled()
  subscription.changed([added(4), added(5)], 5n)
  expect(told()).toEqual([['change', '5', 5]])
})
