import { command } from '#domain-kit'
import { createMemoryStore, type EventStore } from '#event-store'
import { open, Pay, payment, request, wallet } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'

/** Reads before each of which a rival appends: more than any command may need. */
const READS_MAX = 20

let store: EventStore
let here: CommandHandler
/** Another instance, on the same log. */
let there: CommandHandler
let reads: number
/** What the other one does before the nth read of this one. */
let before: (nth: number) => Promise<unknown>

beforeEach(async () => {
  const inner = createMemoryStore()
  there = new CommandHandler({ store: inner })
  await there.execute(request(open, { limit: 1_000 }))
  reads = 0
  store = Object.assign(Object.create(inner) as EventStore, {
    readStream: async function* (...asked: Parameters<EventStore['readStream']>) {
      reads += 1
      if (reads <= READS_MAX) await before(reads)
      yield* inner.readStream(...asked)
    },
  })
  here = new CommandHandler({ store })
})

describe('where another instance appends between any two reads,', () => {
  beforeEach(() => {
    before = () => there.execute(payment(1))
  })

  test('a command is refused upon what was read since it came, and does not hold up the one behind it', async () => {
    const outcomes = await Promise.all([payment(1_001), payment(1)].map((each) => here.execute(each)))
    expect(outcomes).toMatchObject([{ kind: 'rejected', rejection: { code: 'over-limit' } }, { kind: 'accepted' }])
    expect(reads).toBe(2)
  })

  test('If-Match fails at a revision that the stream has had since', async () => {
    const outcome = await here.execute(payment(1, { ifMatch: 99n }))
    expect(outcome).toEqual({ kind: 'revision-mismatch', revision: 2n })
  })

  test('each command is refused upon a read of its own', async () => {
    for (const round of [2, 3, 4]) {
      await here.execute(payment(1_001))
      expect(reads).toBe(round)
    }
  })
})

test('a retry that is refused upon the first read since it came is recognized all the same', async () => {
  const asked = payment(900)
  before = async (nth) => {
    if (nth === 1) await there.execute(payment(200))
    if (nth !== 2) return
    await there.execute(request(credit, { amount: 200 }))
    await there.execute(asked)
  }
  expect(await here.execute(asked)).toMatchObject({ kind: 'accepted', replayed: true })
  expect(reads).toBe(2)
})

test('a name that was taken after the state that is decided upon is not there yet', async () => {
  before = () => there.execute(payment(1))
  const findClaim: EventStore['findClaim'] = async (claim) => {
    if (reads === 2) await there.execute(payment(500, { body: { amount: 500, invoice: 'A-1' } }))
    return store.findClaim(claim)
  }
  const late = new CommandHandler({ store: Object.assign(Object.create(store) as EventStore, { findClaim }) })
  const outcome = await late.execute(request(refund, { amount: 500, invoice: 'A-1' }))
  expect(outcome).toMatchObject({ kind: 'rejected', rejection: { code: 'unknown-invoice' } })
})

const credit = command(wallet, 'credit', {
  body: Pay,
  rejections: {},
  decide: ({ paid }, { amount }, { event }) => [event('Paid', { amount: -amount, before: paid })],
})

const refund = command(wallet, 'refund', {
  body: Pay,
  rejections: { 'unknown-invoice': 404, 'not-paid': 409 },
  lookups: ({ invoice }) => ({ payment: `invoice/${invoice}` }),
  decide: ({ paid }, { amount }, { event, reject, found }) => {
    if (!found.payment) return reject('unknown-invoice', 'nobody paid it')
    if (paid < amount) return reject('not-paid', 'it is found, and was never paid')
    return [event('Paid', { amount: -amount, before: paid })]
  },
})
