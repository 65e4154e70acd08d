import { type NamedResource, type Reader } from '#read-models'
import { type Principal } from '#runtime'
import { type LiveHub, type RowChange } from './hub.js'
import { Subscription } from './subscription.js'

/** A read that is under way, and ends when the test says so. */
interface Read {
  readonly minPosition: bigint
  answer(position: bigint): void
}

let reads: Read[]
let failed: unknown[]
let subscription: Subscription

const hub = { watch: () => undefined, unwatch: () => undefined, positionFor: () => 0n } as unknown as LiveHub
const named = { readable: { resource: { kind: 'collection' } }, params: {} } as unknown as NamedResource

/** A collection whose state says at which position it was read. */
const reader = {
  collection: (_: unknown, __: unknown, { minPosition }: { minPosition: bigint }) =>
    new Promise((resolve) => {
      const answer = (position: bigint): void => resolve({ position, data: { at: position.toString() } })
      reads.push({ minPosition, answer })
    }),
} as unknown as Reader

/** Whoever waits for a promise that is settled has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const changeAt = (changed: bigint): RowChange => ({
  ...{ op: 'set', row: {}, created: { position: 1n, ordinal: 0 }, changed },
})

/** What it has for its reader by now. */
function told(): unknown[] {
  const all: unknown[] = []
  for (let next = subscription.take(); next; next = subscription.take())
    all.push([next.event, Number(next.payload.position)])
  return all
}

beforeEach(async () => {
  reads = []
  failed = []
  subscription = new Subscription({
    ...{ id: 's1', named, hub, reader, query: { filter: {} }, principal: {} as Principal },
    onPending: () => undefined,
    onFailed: (_, error) => failed.push(error),
  })
  const opening = subscription.open(0n)
  reads.shift()?.answer(5n)
  expect(await opening).toMatchObject({ ok: true, position: '5' })
})
afterEach(() => {
  expect(failed).toEqual([])
})

test('changes that come while a collection is computed are answered by one more computation', async () => {
  for (const at of [6n, 7n, 8n]) subscription.changed([changeAt(at)], at)
  expect(reads.map(({ minPosition }) => minPosition)).toEqual([6n])
  reads.shift()?.answer(6n)
  await settled()
  expect(reads.map(({ minPosition }) => minPosition)).toEqual([8n])
  reads.shift()?.answer(9n)
  await settled()
  expect(told()).toEqual([['change', 9]])
  expect(reads).toEqual([])
})

test('a reset is the last word of what was asked before it: no state is told after a newer one', async () => {
  subscription.changed([changeAt(6n)], 6n)
  const [computing] = reads.splice(0)
  subscription.gap()
  const [resetting] = reads.splice(0)
  resetting?.answer(9n)
  await settled()
  expect(told()).toEqual([['reset', 9]])
  computing?.answer(7n)
  await settled()
  expect(told()).toEqual([])
  subscription.changed([changeAt(10n)], 10n)
  reads.shift()?.answer(10n)
  await settled()
  expect(told()).toEqual([['change', 10]])
})

test('a reset is no older than what was told, and a computation that ends during it tells nothing', async () => {
  subscription.changed([changeAt(6n)], 6n)
  reads.shift()?.answer(8n)
  await settled()
  expect(told()).toEqual([['change', 8]])
  subscription.changed([changeAt(9n)], 9n)
  const [computing] = reads.splice(0)
  subscription.gap()
  const [resetting] = reads.splice(0)
  expect(resetting?.minPosition).toBe(8n)
  computing?.answer(12n)
  await settled()
  expect(told()).toEqual([])
  resetting?.answer(11n)
  await settled()
  expect(told()).toEqual([['reset', 11]])
})
