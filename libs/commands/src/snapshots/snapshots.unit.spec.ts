import { isDeepStrictEqual } from 'node:util'
import { aggregate, type RecordedEvent, unchanged } from '#domain-kit'
import { createMemoryStore, type EventStore, EventsArchived, StoreUnavailable } from '#event-store'
import { eventually, silentLogger } from '#testing'
import { memorySnapshots, type MemorySnapshots, snapshotKey } from '../fixtures/memory-snapshots.js'
import { checkDecisions, kindsOf, open, payment, request, STREAM, wallet } from '../fixtures/wallet.js'
import { CommandHandler, type CommandOutcome, type CommandRequest, Snapshots, type SnapshotStore } from '../index.js'
import { emptyState, foldRecorded, type StreamState } from '../stream-state.js'
import { unpack } from './pack.js'

const EVERY = 10
const LIMIT = 1_000_000
let store: EventStore
let kept: MemorySnapshots
const opened: Snapshots[] = []

function snapshotsIn(where: SnapshotStore): Snapshots {
  const snapshots = new Snapshots({ store: where, logger: silentLogger(), events_min: EVERY, share_max: 1 })
  opened.push(snapshots)
  return snapshots
}
const handlerOn = (log: EventStore, where: SnapshotStore = kept): CommandHandler =>
  new CommandHandler({ store: log, snapshots: snapshotsIn(where) })

const latest = () => kept.kept.get(snapshotKey(STREAM, 1))
const coversAll = (events: number): Promise<unknown> =>
  eventually('a snapshot is near the end', () => (latest()?.revision ?? -1n) > BigInt(events - 1 - 2 * EVERY))

/** Answers one payment after the other. @returns what came of each. */
async function pay(handler: CommandHandler, amounts: readonly number[]): Promise<CommandOutcome[]> {
  const outcomes: CommandOutcome[] = []
  for (const amount of amounts) outcomes.push(await handler.execute(payment(amount)))
  return outcomes
}

async function foldLog(upTo: bigint): Promise<StreamState> {
  let state = emptyState(wallet)
  for await (const event of store.readStream(STREAM, { limit: Number(upTo) + 1 }))
    state = foldRecorded(wallet, state, event)
  return state
}

async function expectTrue(): Promise<void> {
  const snapshot = latest()
  if (!snapshot) throw new Error('there is no snapshot')
  const { state } = await unpack(wallet, STREAM, snapshot)
  expect(isDeepStrictEqual(state, await foldLog(snapshot.revision))).toBe(true)
}

/** The log, counting what is read of streams. */
function counting(): { readonly log: EventStore; readonly read: () => number } {
  let count = 0
  async function* counted(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
    for await (const event of events) {
      count += 1
      yield event
    }
  }
  return { log: { ...store, readStream: (...asked) => counted(store.readStream(...asked)) }, read: () => count }
}

beforeEach(async () => {
  store = createMemoryStore()
  kept = memorySnapshots()
  await new CommandHandler({ store }).execute(request(open, { limit: LIMIT }))
})
afterEach(closeAll)

/** After it nothing is taken any more. */
async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((each) => each.close()))
}

describe('while commands come', () => {
  test('snapshots are taken now and then, each of what is committed', async () => {
    const handler = handlerOn(store)
    await pay(handler, [1])
    expect(latest()).toBeUndefined()
    await pay(handler, Array<number>(5 * EVERY).fill(1))
    await coversAll(5 * EVERY + 2)
    await expectTrue()
  })

  test('a stream that has grown while one was taken is given another one, also when nothing more comes', async () => {
    let release: (() => void) | undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const save: SnapshotStore['save'] = async (...given) => {
      await gate
      await kept.save(...given)
    }
    await pay(handlerOn(store, { ...kept, save }), Array<number>(8 * EVERY).fill(1))
    expect(latest()).toBeUndefined()
    release?.()
    await coversAll(8 * EVERY + 1)
    await expectTrue()
  })

  test('what is on its way to the log, or never came there, is in none of them', async () => {
    let appends = 0
    const append: EventStore['append'] = async (asked) => {
      appends += 1
      // Scattered: every so-many-th could be the same command each time that all are sent again.
      const luck = (Math.imul(appends, 0x9e3779b1) >>> 0) % 100
      if (luck < 20) throw new StoreUnavailable('not now')
      const result = await store.append(asked)
      if (luck >= 86) throw new StoreUnavailable('the answer was lost')
      return result
    }
    const flaky = { ...store, append }
    const truths: Promise<void>[] = []
    const save: SnapshotStore['save'] = async (stream, version, snapshot) => {
      truths.push(
        (async () => {
          const { state } = await unpack(wallet, stream, snapshot)
          expect(state).toEqual(await foldLog(snapshot.revision))
        })(),
      )
      await kept.save(stream, version, snapshot)
    }
    const [one, other] = [handlerOn(flaky, { ...kept, save }), handlerOn(flaky, { ...kept, save })]
    // A handler gives up after a while; whoever sent the command sends it again, with the same key.
    const insist = async (handler: CommandHandler, asked: CommandRequest): Promise<void> => {
      let outcome = await handler.execute(asked)
      while (outcome.kind === 'unavailable') outcome = await handler.execute(asked)
      expect(outcome.kind).toBe('accepted')
    }
    const payments = Array.from({ length: 120 }, (_, at) => payment(1 + (at % 3)))
    await Promise.all(payments.map((each, at) => insist(at % 2 === 0 ? one : other, each)))
    await coversAll(121)
    await closeAll()
    await Promise.all(truths)
    expect(truths.length).toBeGreaterThan(1)
    expect(await checkDecisions(store)).toBe(240)
  })

  test('no command waits for one: neither taken, nor kept, nor the failure of either', async () => {
    const stuck = handlerOn(store, { ...kept, save: () => new Promise<void>(() => undefined) })
    expect(new Set(kindsOf(await pay(stuck, Array<number>(4 * EVERY).fill(1))))).toEqual(new Set(['accepted']))
    opened.splice(0)
    const broken = (): Promise<never> => Promise.reject(new Error('no database'))
    const failing = handlerOn(store, { load: broken, save: broken, discard: broken, close: () => Promise.resolve() })
    expect(new Set(kindsOf(await pay(failing, Array<number>(4 * EVERY).fill(1))))).toEqual(new Set(['accepted']))
    expect(await checkDecisions(store)).toBe(8 * EVERY)
  })
})

describe('a stream that is not in memory', () => {
  const HISTORY = 40 * EVERY

  beforeEach(async () => {
    await pay(handlerOn(store), Array<number>(HISTORY).fill(2))
    await coversAll(HISTORY + 1)
    // Or the next one, of what came meanwhile, is kept while a test looks at this one.
    await closeAll()
  })

  test('is loaded from its snapshot and what came after it, however long its history is', async () => {
    const { log, read } = counting()
    await pay(handlerOn(log), [3])
    expect(read()).toBeLessThanOrEqual(2 * EVERY + 1)
    expect(await checkDecisions(store)).toBe(2 * HISTORY + 3)
  })

  test('is given a snapshot when it had none and many events were folded', async () => {
    kept.kept.clear()
    await pay(handlerOn(store), [3])
    await coversAll(HISTORY + 2)
    await expectTrue()
  })

  const foreign = async (): Promise<void> => {
    const other = memorySnapshots()
    const theirs = handlerOn(createMemoryStore(), other)
    await theirs.execute(request(open, { limit: 5 * LIMIT }, { target: 'other' }))
    for (let at = 0; at < 2 * EVERY; at += 1) await theirs.execute(payment(1, { target: 'other' }))
    await eventually('the other has one', () => other.kept.size > 0)
    await closeAll()
    for (const snapshot of other.kept.values()) kept.kept.set(snapshotKey(STREAM, 1), snapshot)
  }
  const change = (to: (snapshot: NonNullable<ReturnType<typeof latest>>) => object) => () => {
    const snapshot = latest()
    if (snapshot) kept.kept.set(snapshotKey(STREAM, 1), { ...snapshot, ...to(snapshot) })
  }
  const first: { snapshot: ReturnType<typeof latest> } = { snapshot: undefined }
  const damages: readonly (readonly [string, () => void | Promise<void>])[] = [
    ['are all there', () => undefined],
    ['were all dropped', () => kept.kept.clear()],
    ['hold nothing', change(() => ({ state: Buffer.alloc(0) }))],
    ['hold something else', change(({ state }) => ({ state: Buffer.from(state).fill(7, 20, 30) }))],
    ['say that they are newer than they are', change(({ revision }) => ({ revision: revision + 3n }))],
    ['are of events that the log does not have', change(({ revision }) => ({ revision: revision + 1_000n }))],
    ['name another event', change(() => ({ tip: 'nobody' }))],
    ['are of another stream', foreign],
    [
      'are old',
      () => {
        if (first.snapshot) kept.kept.set(snapshotKey(STREAM, 1), first.snapshot)
      },
    ],
  ]
  test.each(damages)('answers the same whether its snapshots %s', async (_, damage) => {
    first.snapshot = latest()
    await pay(handlerOn(store), Array<number>(5 * EVERY).fill(2))
    await closeAll()
    await damage()
    const with_ = handlerOn(store)
    const without = new CommandHandler({ store })
    const over = payment(LIMIT)
    const refused = await with_.execute(over)
    expect(refused).toEqual(await without.execute(over))
    expect(refused.kind).toBe('rejected')
    const nothing = payment(0)
    expect(await with_.execute(nothing)).toEqual(await without.execute(nothing))
    expect(kindsOf(await pay(with_, [3, 4]))).toEqual(['accepted', 'accepted'])
    expect(await checkDecisions(store)).toBe(2 * (HISTORY + 5 * EVERY) + 7)
  })

  test.each([
    ['cannot be read', change(() => ({ state: Buffer.alloc(0) }))],
    ['does not fit the log', change(() => ({ tip: 'nobody' }))],
  ])('does not wait until a snapshot that %s is removed', async (_, damage) => {
    damage()
    const stuck = handlerOn(store, { ...kept, discard: () => new Promise<void>(() => undefined) })
    expect(kindsOf(await pay(stuck, [3]))).toEqual(['accepted'])
  })

  test.each([-1, 0, 1])(
    'is loaded from it when the events before are archived, its tip %i of them included',
    async (more) => {
      const archived = (latest()?.revision ?? 0n) + BigInt(more)
      const archive = { name: 'events_1', first: 1n, last: archived + 1n, file: 'events_1.gz' }
      const readStream: EventStore['readStream'] = (stream, options) => {
        if ((options?.from ?? 0n) > archived) return store.readStream(stream, options)
        return {
          [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new EventsArchived('events are', archive)) }),
        }
      }
      const short = { ...store, readStream }
      const outcome = await handlerOn(short).execute(payment(3))
      if (more > 0) expect(outcome.kind).toBe('archived')
      else expect([outcome.kind, await checkDecisions(store)]).toEqual(['accepted', 2 * HISTORY + 3])
      await closeAll()
      kept.kept.clear()
      expect((await handlerOn(short).execute(payment(4))).kind).toBe('archived')
    },
  )

  test('is never decided upon a snapshot of a log that went another way', async () => {
    const lost = createMemoryStore()
    const before = new CommandHandler({ store: lost })
    await before.execute(request(open, { limit: LIMIT }))
    await pay(before, Array<number>(HISTORY).fill(1))
    store = lost
    await pay(handlerOn(lost), [5])
    expect(await checkDecisions(lost)).toBe(HISTORY + 5)
    await coversAll(HISTORY + 2)
    await expectTrue()
  })

  test('of a new schema version is folded anew, and keeps snapshots of its own', async () => {
    type Event = { type: 'Opened'; data: { limit: number } } | { type: 'Paid'; data: { amount: number } }
    const doubled = aggregate<Event>()('wallet', {
      version: 2,
      initial: { limit: 0, paid: 0 },
      evolve: {
        Opened: (state, { limit }) => ({ ...state, limit }),
        Paid: (state, { amount }) => ({ ...state, paid: state.paid + amount * 2 }),
      },
      upcasters: { Opened: { 1: unchanged }, Paid: { 1: unchanged } },
    })
    const over = { ...payment(LIMIT), command: { ...payment(1).command, aggregate: doubled } }
    const refused = await handlerOn(store).execute(over)
    expect(refused).toMatchObject({ rejection: { detail: `${4 * HISTORY} + ${LIMIT} is over ${LIMIT}` } })
    await eventually('the new version has its own', () => kept.kept.has(snapshotKey(STREAM, 2)))
    expect(latest()).toBeDefined()
  })
})
