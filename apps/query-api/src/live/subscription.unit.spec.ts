import { type Carrier, type NamedResource } from '#read-models'
import { type Principal, Problem } from '#runtime'
import { type LiveHub, type RowChange } from './hub.js'
import { type LiveReading } from './live-reads.js'
import { Subscription } from './subscription.js'

/** A read that is under way, and ends when the test says so. */
interface Read {
  readonly minPosition: bigint
  answer(position: bigint, build?: number): void
  fail(error: unknown): void
}

let reads: Read[]
let failed: unknown[]
let subscription: Subscription

let carrier: Carrier
const hub = {
  watch: () => undefined,
  unwatch: () => undefined,
  positionFor: () => 0n,
  carrierOf: () => carrier,
} as unknown as LiveHub
const named = { readable: { resource: { kind: 'collection' } }, params: {} } as unknown as NamedResource

/** A collection whose state says at which position it was read. */
const reader = {
  collection: (_: unknown, __: unknown, { minPosition }: { minPosition: bigint }) =>
    new Promise((resolve, reject) => {
      const answer = (position: bigint, build = 1): void =>
        resolve({ position, build, data: { at: position.toString() } })
      reads.push({ minPosition, answer, fail: reject })
    }),
} as unknown as LiveReading

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

const subscribed = (): Subscription =>
  new Subscription({
    ...{ id: 's1', named, hub, readerFor: () => reader, query: { filter: {} }, principal: {} as Principal },
    inTurn: (work) => work(),
    onPending: () => undefined,
    onFailed: (_, error) => failed.push(error),
  })

beforeEach(async () => {
  reads = []
  failed = []
  carrier = { fleet: 'f', build: 1, liveAt: 0n }
  subscription = subscribed()
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
  expect(told()).toEqual([['change', 6]])
  expect(reads.map(({ minPosition }) => minPosition)).toEqual([8n])
  reads.shift()?.answer(9n)
  await settled()
  expect(told()).toEqual([['change', 9]])
  expect(reads).toEqual([])
})

describe('a change that comes while a collection is read, beyond what was read, is read then', () => {
  const minimums = (): bigint[] => reads.map(({ minPosition }) => minPosition)

  test.each([
    ['first', () => subscription.open(0n)],
    ['by who comes back', () => subscription.resume(4n, 0n)],
  ])('%s', async (_, begin) => {
    subscription = subscribed()
    const opening = begin()
    // The last row of a batch need not be the one that changed last.
    subscription.changed([changeAt(7n), changeAt(6n)], 7n)
    reads.shift()?.answer(6n)
    await opening
    expect(minimums()).toEqual([7n])
    reads.shift()?.answer(7n)
    await settled()
    expect(told()).toEqual([['change', 7]])
  })

  test('for a reset', async () => {
    subscription.gap()
    subscription.changed([changeAt(8n)], 8n)
    reads.shift()?.answer(7n)
    await settled()
    expect(told()).toEqual([['reset', 7]])
    expect(minimums()).toEqual([8n])
    reads.shift()?.answer(8n)
    await settled()
    expect(told()).toEqual([['change', 8]])
  })

  test('not again when it was read already', async () => {
    subscription.gap()
    subscription.changed([changeAt(8n)], 8n)
    reads.shift()?.answer(8n)
    await settled()
    expect(minimums()).toEqual([])
  })
})

test('nothing is computed for a reader that has not taken the last state', async () => {
  subscription.changed([changeAt(6n)], 6n)
  reads.shift()?.answer(6n)
  await settled()
  for (const at of [7n, 8n]) subscription.changed([changeAt(at)], at)
  expect(reads).toEqual([])
  expect(told()).toEqual([['change', 6]])
  expect(reads.map(({ minPosition }) => minPosition)).toEqual([8n])
  reads.shift()?.answer(8n)
  await settled()
  expect(told()).toEqual([['change', 8]])
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

test('a read that is refused because there is too much to do is tried again; the subscription stays', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] })
  try {
    subscription.changed([changeAt(6n)], 6n)
    for (const code of ['overloaded', 'not-fresh-enough', 'unavailable'] as const) {
      reads.shift()?.fail(Problem.of(code, 'not now'))
      await settled()
      expect(reads).toEqual([])
      await jest.advanceTimersByTimeAsync(500)
      expect(reads.length).toBe(1)
    }
    reads.shift()?.answer(6n)
    await settled()
    expect(told()).toEqual([['change', 6]])
  } finally {
    jest.useRealTimers()
  }
})

test('a collection has ended when what encloses it is gone, and is not told as gone itself', async () => {
  subscription.answer(() => undefined)
  subscription.gap()
  const gone = Problem.of('not-found', 'there is no book "main"', { headers: { 'headwater-position': '7' } })
  reads.shift()?.fail(gone)
  await settled()
  expect(told()).toEqual([])
  expect(failed.splice(0)).toEqual([gone])
})

describe('whoever comes back after another build has become live', () => {
  /** Goes on after a position, and is answered from a build. @returns what it is answered, and told then. */
  async function resume(after: bigint, build: number): Promise<unknown[]> {
    subscription = subscribed()
    const resuming = subscription.resume(after, 0n)
    reads.shift()?.answer(20n, build)
    const answer = await resuming
    reads.shift()?.answer(20n, build)
    await settled()
    return [answer, told()]
  }
  const change = { ok: true, position: '20', changes: [{ position: '20', data: { at: '20' } }] }

  test('begins anew when it was told by that one', async () => {
    carrier = { fleet: 'f', build: 2, liveAt: 15n }
    for (const after of [10n, 15n])
      expect(await resume(after, 2)).toMatchObject([{ position: `${after}`, changes: [] }, [['reset', 20]]])
  })

  test('goes on when it was told since', async () => {
    carrier = { fleet: 'f', build: 2, liveAt: 15n }
    expect(await resume(16n, 2)).toMatchObject([change, []])
  })

  test('begins anew when it is not known which of them is live', async () => {
    carrier = { fleet: 'f', build: 1, liveAt: 0n }
    expect(await resume(16n, 2)).toMatchObject([{ position: '16', changes: [] }, [['reset', 20]]])
  })

  test('goes on from the beginning of the log where there has been no other', async () => {
    expect(await resume(0n, 1)).toMatchObject([change, []])
  })
})

test('what was read of a build that is not live any more is read anew', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] })
  try {
    carrier = { fleet: 'f', build: 2, liveAt: 4n }
    subscription.gap()
    reads.shift()?.answer(7n, 1)
    await settled()
    expect(told()).toEqual([['reset', 7]])
    await jest.advanceTimersByTimeAsync(1_500)
    reads.shift()?.answer(7n, 2)
    await settled()
    expect(told()).toEqual([['reset', 7]])
    await jest.advanceTimersByTimeAsync(5_000)
    expect(reads).toEqual([])
  } finally {
    jest.useRealTimers()
  }
})
