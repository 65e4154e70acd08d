import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AppendRequest, createMemoryStore, type EventStore, StoreUnavailable } from '#event-store'
import { checkDecisions, kindsOf, log, open, payment, request, STREAM } from './fixtures/wallet.js'
import { CommandHandler, type CommandOutcome } from './index.js'
import { StreamChain } from './stream-chain.js'

let inner: EventStore

beforeEach(async () => {
  inner = createMemoryStore()
  await new CommandHandler({ store: inner }).execute(request(open, { limit: 1_000_000 }))
})

/** A store with a queue of so many appends, each in it for some turns of the event loop; counts what it is asked for. */
class Queue {
  sends = 0
  private waiting = 0
  readonly readStream = jest.fn((...asked: Parameters<EventStore['readStream']>) => inner.readStream(...asked))
  readonly recall = jest.fn(async (...asked: Parameters<EventStore['recall']>) => inner.recall(...asked))

  constructor(public size: number) {}

  readonly store: EventStore = Object.assign(Object.create(inner) as EventStore, {
    readStream: this.readStream,
    recall: this.recall,
    append: async (asked: AppendRequest) => {
      this.sends += 1
      if (this.waiting >= this.size) throw new StoreUnavailable('the queue is full', { overloaded: true })
      this.waiting += 1
      for (let turn = 0; turn < 3; turn += 1) await nextTurn()
      this.waiting -= 1
      return inner.append(asked)
    },
  })
}

const FULL: CommandOutcome = { kind: 'unavailable', overloaded: true, reason: 'the queue is full' }

describe('a store whose queue is full', () => {
  test('is asked once a command and read for none: the answer is to come again later', async () => {
    const queue = new Queue(0)
    const handler = new CommandHandler({ store: queue.store })
    const asked = Array.from({ length: 50 }, () => payment(1))
    expect(await Promise.all(asked.map((each) => handler.execute(each)))).toEqual(asked.map(() => FULL))
    expect(queue.sends).toBe(50)
    // When the stream was not in memory yet.
    expect(queue.readStream).toHaveBeenCalledTimes(1)
    expect(queue.recall).not.toHaveBeenCalled()
    queue.size = Infinity
    expect(new Set(kindsOf(await Promise.all(asked.map((each) => handler.execute(each)))))).toEqual(
      new Set(['accepted']),
    )
    expect(queue.sends).toBe(100)
    expect(queue.readStream).toHaveBeenCalledTimes(1)
    expect(await checkDecisions(inner)).toBe(50)
  })

  test('takes what fits of a chain, and nothing is decided upon what it refused', async () => {
    const queue = new Queue(8)
    const handler = new CommandHandler({ store: queue.store })
    const amounts = Array.from({ length: 60 }, (_, at) => at + 1)
    const outcomes = await Promise.all(amounts.map((amount) => handler.execute(payment(amount))))
    const accepted = amounts.filter((_, at) => outcomes[at]?.kind === 'accepted')
    expect(accepted.length).toBeGreaterThanOrEqual(8)
    expect(outcomes.filter(({ kind }) => kind !== 'accepted')).toEqual(
      Array.from({ length: 60 - accepted.length }, () => FULL),
    )
    expect(await checkDecisions(inner)).toBe(accepted.reduce((sum, each) => sum + each, 0))
    expect((await log(inner)).slice(1).map(({ data }) => data)).toMatchObject(accepted.map((amount) => ({ amount })))
    expect(queue.sends).toBeLessThanOrEqual(2 * 60)
    expect(queue.readStream).toHaveBeenCalledTimes(1)
  })

  test('that refuses one in the middle fails those behind it, which are decided anew', async () => {
    const unlucky = payment(100)
    const store = Object.assign(Object.create(inner) as EventStore, {
      append: async (asked: AppendRequest) =>
        asked.commandId.key === unlucky.key
          ? Promise.reject(new StoreUnavailable('the queue is full', { overloaded: true }))
          : inner.append(asked),
    })
    const handler = new CommandHandler({ store })
    const outcomes = await Promise.all(
      [payment(1), unlucky, payment(2), payment(3)].map((each) => handler.execute(each)),
    )
    expect(outcomes[1]).toEqual(FULL)
    expect(kindsOf(outcomes)).toEqual(['accepted', 'unavailable', 'accepted', 'accepted'])
    expect(await checkDecisions(inner)).toBe(6)
  })

  test('is not asked again when it is too busy to be asked about earlier commands', async () => {
    const busy = jest.fn(() => Promise.reject(new StoreUnavailable('the link is full', { overloaded: true })))
    const handler = new CommandHandler({ store: Object.assign(Object.create(inner) as EventStore, { recall: busy }) })
    expect(await handler.execute(payment(1_000_001))).toEqual({ ...FULL, reason: 'the link is full' })
    expect(busy).toHaveBeenCalledTimes(1)
    expect(await handler.execute(payment(1))).toMatchObject({ kind: 'accepted' })
  })
})

describe('commands in hand', () => {
  const target = (at: number): string => `wallet-${at}`
  const opening = (at: number, more: object = {}): Promise<CommandOutcome> =>
    handler.execute(request(open, { limit: 1, ...more }, { target: target(at) }))
  let handler: CommandHandler
  let release: () => void

  /** No append is answered before it is released. */
  function hold(options: object): void {
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const append: EventStore['append'] = async (asked) => {
      await released
      return inner.append(asked)
    }
    handler = new CommandHandler({ store: { ...inner, append }, ...options })
  }

  test('are bounded whichever streams they are for; what was taken completes, and then there is room', async () => {
    hold({ commands_max: 5, streams_max: 2 })
    const taken = Array.from({ length: 5 }, (_, at) => opening(at))
    const more = await Promise.all([opening(5), opening(0), handler.execute(payment(1))])
    expect(more).toEqual(
      more.map(() => ({ kind: 'unavailable', overloaded: true, reason: '5 commands are under way here' })),
    )
    release()
    expect(kindsOf(await Promise.all(taken))).toEqual(taken.map(() => 'accepted'))
    expect(handler.size).toBeLessThanOrEqual(5)
    expect(kindsOf(await Promise.all([opening(5), opening(6)]))).toEqual(['accepted', 'accepted'])
    expect(await inner.head()).toBe(8n)
  })

  test('are bounded by what they take; one alone is taken however large it is', async () => {
    hold({ chars_max: 1_000 })
    const large = opening(0, { text: 'x'.repeat(2_000) })
    expect(await opening(1)).toMatchObject({ kind: 'unavailable', overloaded: true })
    release()
    expect(await large).toMatchObject({ kind: 'accepted' })
    const outcomes = await Promise.all([300, 300, 300].map((size, at) => opening(at + 1, { text: 'x'.repeat(size) })))
    expect(kindsOf(outcomes)).toEqual(['accepted', 'accepted', 'unavailable'])
  })

  test('leave room for people, who wait: what is sent in bulk gets three quarters', async () => {
    hold({ commands_max: 4 })
    const bulk = { priority: 'bulk' } as const
    const taken = [0, 1, 2].map(() => handler.execute(payment(1, bulk)))
    expect(await handler.execute(payment(1, bulk))).toMatchObject({ kind: 'unavailable', overloaded: true })
    const person = handler.execute(payment(1))
    expect(await handler.execute(payment(1))).toMatchObject({ kind: 'unavailable', overloaded: true })
    release()
    expect(kindsOf(await Promise.all([...taken, person]))).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
  })

  test('give back their place however they end', async () => {
    hold({ commands_max: 2 })
    release()
    for (let round = 0; round < 5; round += 1) {
      const stream = `${STREAM}-none`
      await handler.execute(payment(1, { target: stream }))
      await handler.execute(payment(0))
      await handler.execute(request({ ...open, decide: () => fault() }, { limit: 1 })).catch(() => 0)
    }
    expect(kindsOf(await Promise.all([handler.execute(payment(1)), handler.execute(payment(1))]))).toEqual([
      'accepted',
      'accepted',
    ])
  })

  const fault = (): never => {
    throw new TypeError('a bug')
  }
})

describe('more streams in hand than are kept in memory', () => {
  const STREAMS = 2_000

  /** A handler that keeps ten, and a store that answers no append until it is told to. */
  const held = (): { readonly handler: CommandHandler; readonly release: () => void } => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const store = Object.assign(Object.create(inner) as EventStore, {
      append: async (asked: AppendRequest) => {
        await released
        return inner.append(asked)
      },
    })
    return { handler: new CommandHandler({ store, streams_max: 10 }), release }
  }

  afterEach(() => jest.restoreAllMocks())

  test('cost each command the same few looks at them, and are forgotten when they are done', async () => {
    const { handler, release } = held()
    const looks = jest.spyOn(StreamChain.prototype, 'isIdle', 'get')
    const opening = Array.from({ length: STREAMS }, (_, at) =>
      handler.execute(request(open, { limit: 10 }, { target: `held-${at}` })),
    )
    await nextTurn()
    expect(handler.size).toBe(STREAMS)
    expect(looks.mock.calls.length).toBeLessThanOrEqual(8 * STREAMS)
    release()
    expect(new Set(kindsOf(await Promise.all(opening)))).toEqual(new Set(['accepted']))
    // By commands to one that is known, too.
    for (let left = STREAMS / 4; left > 0; left -= 1) await handler.execute(payment(0, { target: 'held-1' }))
    expect(handler.size).toBe(10)
  })
})
