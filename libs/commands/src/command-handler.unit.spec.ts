import { setImmediate as nextTurn } from 'node:timers/promises'
import { command } from '#domain-kit'
import { type AppendRequest, createMemoryStore, type EventStore } from '#event-store'
import {
  checkDecisions,
  kindsOf,
  log,
  newKey,
  open,
  pay,
  Pay,
  payment,
  request,
  STREAM,
  wallet,
} from './fixtures/wallet.js'
import { CommandHandler, type CommandOutcome, type CommandRequest } from './index.js'

let store: EventStore
let handler: CommandHandler

beforeEach(async () => {
  store = createMemoryStore()
  handler = new CommandHandler({ store })
  await handler.execute(request(open, { limit: 1_000_000 }))
})

afterEach(() => jest.restoreAllMocks())

describe('a command', () => {
  test('is answered with the place of its event', async () => {
    const outcome = await handler.execute(payment(5))
    const place = { stream: STREAM, revision: 1n, position: 2n }
    expect(outcome).toEqual({ kind: 'accepted', place, replayed: false })
    expect(await log(store)).toMatchObject([{ type: 'Opened' }, { type: 'Paid', data: { amount: 5, before: 0 } }])
  })

  test('that is refused changes nothing, and its key stays free', async () => {
    const key = newKey()
    const refused = await handler.execute(payment(1_000_001, { key }))
    expect(refused).toMatchObject({ kind: 'rejected', rejection: { code: 'over-limit' } })
    expect(await handler.execute(payment(1, { key }))).toMatchObject({ kind: 'accepted', replayed: false })
    expect(await checkDecisions(store)).toBe(1)
  })

  test('that has nothing to do is accepted where the stream stands', async () => {
    await handler.execute(payment(5))
    const place = { stream: STREAM, revision: 1n, position: 2n }
    expect(await handler.execute(payment(0))).toEqual({ kind: 'accepted', place, replayed: false })
    expect(await log(store)).toHaveLength(2)
  })

  test('carries its metadata into the event', async () => {
    await handler.execute(payment(5, { metadata: { actor: 'anna', correlationId: 'c-1' } }))
    expect((await log(store)).at(-1)?.metadata).toMatchObject({ actor: 'anna', correlationId: 'c-1' })
  })
})

describe('a key', () => {
  test('sent again gets the original answer, on this handler and on a fresh one', async () => {
    const asked = payment(5)
    const first = await handler.execute(asked)
    await handler.execute(payment(7))
    const expected = { ...first, replayed: true }
    expect(await handler.execute(asked)).toEqual(expected)
    expect(await new CommandHandler({ store }).execute(asked)).toEqual(expected)
    expect(await checkDecisions(store)).toBe(12)
  })

  test('sent again is recognized before it is refused', async () => {
    const opening = request(open, { limit: 9 }, { target: 'other' })
    const first = await handler.execute(opening)
    expect(await handler.execute(opening)).toEqual({ ...first, replayed: true })
    const all = payment(1_000_000)
    expect((await handler.execute(all)).kind).toBe('accepted')
    expect(await handler.execute(all)).toMatchObject({ kind: 'accepted', replayed: true })
    expect(await new CommandHandler({ store }).execute(all)).toMatchObject({ kind: 'accepted', replayed: true })
  })

  test('sent many times at once is executed once', async () => {
    const asked = payment(5)
    const others = new CommandHandler({ store })
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? handler : others).execute(asked)),
    )
    const places = outcomes.map((each) => (each.kind === 'accepted' ? each.place.position : each.kind))
    expect(places).toEqual(outcomes.map(() => 2n))
    expect(outcomes.filter((each) => each.kind === 'accepted' && !each.replayed)).toHaveLength(1)
    expect(await checkDecisions(store)).toBe(5)
  })

  test('used again with another body, or for another command, is refused', async () => {
    const key = newKey()
    await handler.execute(payment(5, { key }))
    expect(await handler.execute(payment(6, { key }))).toEqual({ kind: 'key-reused' })
    expect(await handler.execute(request(open, { limit: 1 }, { key }))).toEqual({ kind: 'key-reused' })
    expect(await handler.execute(payment(9_999_999, { key }))).toEqual({ kind: 'key-reused' })
    expect(await new CommandHandler({ store }).execute(payment(6, { key }))).toEqual({ kind: 'key-reused' })
    expect(await log(store)).toHaveLength(2)
  })

  test('is the same request however its body is written down', async () => {
    const key = newKey()
    await handler.execute(request(pay, { amount: 5, invoice: 'x' }, { key }))
    const again = await handler.execute(request(pay, { invoice: 'x', amount: 5 }, { key }))
    expect(again).toMatchObject({ kind: 'accepted', replayed: true })
  })

  test('is scoped to its target', async () => {
    const key = newKey()
    await handler.execute(payment(5, { key }))
    const other = await handler.execute(request(open, { limit: 1 }, { key, target: 'other' }))
    expect(other).toMatchObject({ kind: 'accepted', replayed: false })
  })
})

describe('a claim', () => {
  const invoice = (amount: number): CommandRequest => request(pay, { amount, invoice: 'A-1' })

  test('taken with the same content replays, under whatever key', async () => {
    const first = await handler.execute(invoice(5))
    expect(await handler.execute(invoice(5))).toEqual({ ...first, replayed: true })
    expect(await checkDecisions(store)).toBe(5)
  })

  test('taken with another content is the rejection that the claim declares', async () => {
    await handler.execute(invoice(5))
    const second = await handler.execute(invoice(6))
    expect(second).toMatchObject({ kind: 'rejected', rejection: { code: 'invoice-paid' } })
    expect(await checkDecisions(store)).toBe(5)
  })

  test('of the same content replays also when the rules would refuse it by now', async () => {
    const first = await handler.execute(invoice(600_000))
    expect(await handler.execute(invoice(600_000))).toEqual({ ...first, replayed: true })
  })

  test('made by many at one time is given to one', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map((amount) => handler.execute(invoice(amount))))
    expect(kindsOf(outcomes).sort()).toEqual(['accepted', 'rejected', 'rejected', 'rejected', 'rejected'])
    expect(await log(store)).toHaveLength(2)
  })
})

describe('If-Match', () => {
  test('holds at the revision of the stream', async () => {
    expect(await handler.execute(payment(1, { ifMatch: 0n }))).toMatchObject({ kind: 'accepted' })
    expect(await handler.execute(payment(1, { ifMatch: 1n }))).toMatchObject({ kind: 'accepted' })
  })

  test('fails elsewhere, and says where the stream is', async () => {
    await handler.execute(payment(1))
    for (const ifMatch of [0n, 2n, -1n])
      expect(await handler.execute(payment(1, { ifMatch }))).toEqual({ kind: 'revision-mismatch', revision: 1n })
    const nothing = await handler.execute(payment(1, { ifMatch: 0n, target: 'nobody' }))
    expect(nothing).toEqual({ kind: 'revision-mismatch', revision: -1n })
    expect(await log(store)).toHaveLength(2)
  })

  test('of a retry does not hold any more, and the retry is a replay all the same', async () => {
    const asked = payment(1, { ifMatch: 0n })
    const first = await handler.execute(asked)
    await handler.execute(payment(1))
    expect(await handler.execute(asked)).toEqual({ ...first, replayed: true })
  })

  test('at one time on one revision holds for one', async () => {
    const outcomes = await Promise.all([1, 2, 3].map((amount) => handler.execute(payment(amount, { ifMatch: 0n }))))
    expect(kindsOf(outcomes).sort()).toEqual(['accepted', 'revision-mismatch', 'revision-mismatch'])
  })
})

describe('commands of one stream at one time', () => {
  test('are decided in the order in which they came', async () => {
    const amounts = Array.from({ length: 300 }, (_, at) => at + 1)
    const outcomes = await Promise.all(amounts.map((amount) => handler.execute(payment(amount))))
    const revisions = outcomes.map((each) => each.kind === 'accepted' && each.place.revision)
    expect(revisions).toEqual(amounts.map((_, at) => BigInt(at + 1)))
    expect(await checkDecisions(store)).toBe(300 * 301 * 0.5)
  })

  test('do not wait for each other: one that comes while another is on its way is decided and sent at once', async () => {
    const sent: (() => void)[] = []
    const slow = Object.assign(Object.create(store) as EventStore, {
      append: async (asked: AppendRequest) => {
        await new Promise<void>((resolve) => sent.push(resolve))
        return store.append(asked)
      },
    })
    const patient = new CommandHandler({ store: slow })
    const first = patient.execute(payment(1))
    while (sent.length < 1) await nextTurn()
    const second = patient.execute(payment(2))
    for (let turn = 0; turn < 20 && sent.length < 2; turn += 1) await nextTurn()
    expect(sent.length).toBe(2)
    for (const go of sent) go()
    expect(kindsOf(await Promise.all([first, second]))).toEqual(['accepted', 'accepted'])
  })

  test('never go over the limit together', async () => {
    await handler.execute(request(open, { limit: 100 }, { target: 'small' }))
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, () => handler.execute(payment(7, { target: 'small' }))),
    )
    expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(14)
    expect(outcomes.filter(({ kind }) => kind === 'rejected')).toHaveLength(16)
  })

  test('of streams beyond those kept in memory are decided as well', async () => {
    const few = new CommandHandler({ store, streams_max: 2 })
    const targets = Array.from({ length: 20 }, (_, at) => `wallet-${at}`)
    for (const target of targets) await few.execute(request(open, { limit: 10 }, { target }))
    expect(few.size).toBeLessThanOrEqual(2)
    const paid = await Promise.all(targets.map((target) => few.execute(payment(3, { target }))))
    expect(new Set(kindsOf(paid))).toEqual(new Set(['accepted']))
  })
})

test('of streams beyond those kept in memory the one goes that was not asked for', async () => {
  const few = new CommandHandler({ store, streams_max: 2 })
  const pay = async (target: string): Promise<unknown> => few.execute(payment(1, { target }))
  for (const target of ['a', 'b', 'c']) await few.execute(request(open, { limit: 10 }, { target }))
  await pay('b')
  const reads = jest.spyOn(store, 'readStream')
  await pay('a')
  await pay('b')
  expect(reads.mock.calls.map(([stream]) => stream)).toEqual(['wallet-a'])
  expect(few.size).toBe(2)
})

describe('two handlers on one store', () => {
  test('decide again on what the other wrote', async () => {
    const other = new CommandHandler({ store })
    await Promise.all([handler.execute(payment(1)), other.execute(payment(2))])
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? handler : other).execute(payment(1 + (at % 5)))),
    )
    expect(new Set(kindsOf(outcomes))).toEqual(new Set(['accepted']))
    expect(await log(store)).toHaveLength(103)
    expect(await checkDecisions(store)).toBe(303)
  })

  test('need no read after a conflict: it carries what they have not seen', async () => {
    const reads = jest.spyOn(store, 'readStream')
    const other = new CommandHandler({ store })
    await Promise.all([handler.execute(payment(1)), other.execute(payment(2))])
    reads.mockClear()
    const amounts = Array.from({ length: 60 }, (_, at) => 1 + (at % 5))
    const outcomes: CommandOutcome[] = []
    for (const [at, amount] of amounts.entries())
      outcomes.push(await (at % 2 === 0 ? handler : other).execute(payment(amount)))
    expect(new Set(kindsOf(outcomes))).toEqual(new Set(['accepted']))
    expect(reads).not.toHaveBeenCalled()
    expect(await checkDecisions(store)).toBe(183)
  })

  test('read when the tail is too long to be carried', async () => {
    const other = new CommandHandler({ store })
    await other.execute(payment(1))
    const many = Array.from({ length: store.limits.conflict_tail_events + 1 }, () => handler.execute(payment(1)))
    await Promise.all(many)
    const reads = jest.spyOn(store, 'readStream')
    expect(await other.execute(payment(2))).toMatchObject({ kind: 'accepted' })
    expect(reads).toHaveBeenCalledTimes(1)
    expect(await checkDecisions(store)).toBe(many.length + 3)
  })

  test('refuse on what is committed, not on what they remember', async () => {
    const other = new CommandHandler({ store })
    await handler.execute(payment(1))
    await other.execute(payment(600_000))
    const over = await handler.execute(payment(500_000))
    expect(over).toMatchObject({ kind: 'rejected', rejection: { code: 'over-limit' } })
    expect(await checkDecisions(store)).toBe(600_001)
  })
})

test('a bug in a decider fails its own command, and the stream goes on', async () => {
  const faulty = command(wallet, 'faulty', {
    body: Pay,
    route: 'POST /wallets/{wallet}/faults',
    rejections: {},
    decide: () => {
      throw new TypeError('a bug')
    },
  })
  const outcomes = await Promise.allSettled([
    handler.execute(payment(1)),
    handler.execute(request(faulty, { amount: 1 })),
    handler.execute(payment(2)),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await checkDecisions(store)).toBe(3)
})
