import { createMemoryStore, type EventStore, StoreLimitExceeded, StoreUnavailable } from '#event-store'
import { checkDecisions, kindsOf, log, open, payment, request, STREAM } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'

let store: EventStore
let handler: CommandHandler

beforeEach(async () => {
  store = createMemoryStore()
  handler = new CommandHandler({ store })
  await handler.execute(request(open, { limit: 1_000_000 }))
})

afterEach(() => jest.restoreAllMocks())

describe('a store that fails', () => {
  /** Fails the appends that `when` names (counted from 1), before or after they have happened. */
  function failing(
    moment: 'before' | 'after',
    when: (nth: number) => boolean,
  ): { store: EventStore; appends: () => number } {
    let appends = 0
    const append: EventStore['append'] = async (asked) => {
      appends += 1
      const isFailing = when(appends)
      if (isFailing && moment === 'before') throw new StoreUnavailable('not now')
      const result = await store.append(asked)
      if (isFailing) throw new StoreUnavailable('the answer was lost')
      return result
    }
    return { store: { ...store, append }, appends: () => appends }
  }

  test.each(['before', 'after'] as const)('%s it appended: one event, and one original answer', async (moment) => {
    const broken = failing(moment, (nth) => nth === 1)
    const asked = payment(5)
    const outcome = await new CommandHandler({ store: broken.store }).execute(asked)
    const place = { stream: STREAM, revision: 1n, position: 2n }
    expect(outcome).toMatchObject({ kind: 'accepted', place })
    expect(broken.appends()).toBe(2)
    expect(await checkDecisions(store)).toBe(5)
    expect(await handler.execute(asked)).toEqual({ kind: 'accepted', place, replayed: true })
  })

  test.each(['before', 'after'] as const)('%s many appends of a chain: each command once, in order', async (moment) => {
    const broken = failing(moment, (nth) => nth % 7 === 3)
    const other = new CommandHandler({ store: broken.store })
    const amounts = Array.from({ length: 60 }, (_, at) => at + 1)
    const outcomes = await Promise.all(amounts.map((amount) => other.execute(payment(amount))))
    expect(new Set(kindsOf(outcomes))).toEqual(new Set(['accepted']))
    expect(await checkDecisions(store)).toBe(30 * 61)
    const events = await log(store)
    const places = outcomes.map((each) => (each.kind === 'accepted' ? Number(each.place.position) : 0))
    expect(places.map((position) => events[position - 1]?.data)).toMatchObject(amounts.map((amount) => ({ amount })))
  })

  test('for good: nobody knows, and the answer says so; later the same key tells', async () => {
    const broken = failing('after', () => true)
    const reading = { ...broken.store, readStream: unreadable }
    const asked = payment(5)
    const outcome = await new CommandHandler({ store: reading, timeout_ms: 50 }).execute(asked)
    expect(outcome).toMatchObject({ kind: 'unavailable', overloaded: false })
    expect(await handler.execute(asked)).toMatchObject({ kind: 'accepted' })
    expect(await checkDecisions(store)).toBe(5)
  })

  test('each time it appends: the answer is never that nothing was appended', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0)
    const broken = failing('after', () => true)
    const outcome = await new CommandHandler({ store: broken.store }).execute(payment(5))
    expect(outcome).toEqual({ kind: 'unavailable', overloaded: false, reason: 'the answer was lost' })
    expect(await checkDecisions(store)).toBe(5)
  })

  test('because others are always faster: nothing was appended, and the answer says so', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0)
    let appends = 0
    const append: EventStore['append'] = async () => {
      appends += 1
      return Promise.resolve({ outcome: 'conflict', stream: STREAM, revision: 0n, tail: [] })
    }
    const outcome = await new CommandHandler({ store: { ...store, append } }).execute(payment(5))
    expect(outcome).toEqual({ kind: 'contended' })
    expect(appends).toBeGreaterThan(1)
    expect(await log(store)).toHaveLength(1)
  })

  test('because others are always faster, after one attempt that nobody answered: that one may have happened', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0)
    let appends = 0
    const append: EventStore['append'] = async () => {
      appends += 1
      if (appends === 1) throw new StoreUnavailable('the answer was lost')
      return Promise.resolve({ outcome: 'conflict', stream: STREAM, revision: 0n, tail: [] })
    }
    const outcome = await new CommandHandler({ store: { ...store, append } }).execute(payment(5))
    expect(outcome).toMatchObject({ kind: 'unavailable', overloaded: false })
  })

  test('because an event is beyond its limits: nothing was appended, and the next one is', async () => {
    const limit = new StoreLimitExceeded('event_size_bytes', 3, 2)
    const append: EventStore['append'] = (asked) =>
      asked.commandId.key === 'large' ? Promise.reject(limit) : store.append(asked)
    const narrow = new CommandHandler({ store: { ...store, append } })
    const outcomes = await Promise.all(
      [payment(1), payment(2, { key: 'large' }), payment(3)].map((each) => narrow.execute(each)),
    )
    expect(kindsOf(outcomes)).toEqual(['accepted', 'beyond-limit', 'accepted'])
    expect(outcomes[1]).toEqual({ kind: 'beyond-limit', limit: 'event_size_bytes', actual: 3, allowed: 2 })
    expect(await checkDecisions(store)).toBe(4)
  })

  const unreadable: EventStore['readStream'] = () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new StoreUnavailable('the log cannot be read')) }),
  })
})
