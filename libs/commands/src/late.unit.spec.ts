import { command } from '#domain-kit'
import { createMemoryStore, type EventStore, StoreUnavailable } from '#event-store'
import { log, open, Pay, payment, request, wallet } from './fixtures/wallet.js'
import { CommandHandler, type CommandOutcome, type CommandRequest } from './index.js'

/** A command may take so long, and be told of it so much later. */
const TIMEOUT_MS = 10_000
const LATE_MS = 250
/** After so long a store that is silent is given up, each time it is asked. */
const SILENT_MS = 7_000

let inner: EventStore
let handler: CommandHandler
let isSilent: boolean
let findClaim: EventStore['findClaim']

/** What the store does, once it has been silent when it is. */
async function answer<T>(asked: () => Promise<T>): Promise<T> {
  if (!isSilent) return asked()
  await new Promise((resolve) => setTimeout(resolve, SILENT_MS))
  throw new StoreUnavailable('silent')
}

beforeEach(async () => {
  jest.useFakeTimers()
  isSilent = false
  inner = createMemoryStore()
  findClaim = (claim) => inner.findClaim(claim)
  const store = Object.assign(Object.create(inner) as EventStore, {
    append: (asked: Parameters<EventStore['append']>[0]) => answer(() => inner.append(asked)),
    findClaim: (claim: Parameters<EventStore['findClaim']>[0]) => findClaim(claim),
    recall: (id: Parameters<EventStore['recall']>[0]) => answer(() => inner.recall(id)),
    readStream: async function* (...asked: Parameters<EventStore['readStream']>) {
      await answer(() => Promise.resolve())
      yield* inner.readStream(...asked)
    },
  })
  handler = new CommandHandler({ store, timeout_ms: TIMEOUT_MS })
  const opening = handler.execute(request(open, { limit: 10 }))
  await jest.advanceTimersByTimeAsync(1)
  await opening
})
afterEach(() => jest.useRealTimers())

interface Told {
  readonly outcome: CommandOutcome
  readonly after_ms: number
}

/** Sends these, each so much later; then the clock goes on until all are answered. */
async function answers(...sent: readonly (readonly [at_ms: number, CommandRequest])[]): Promise<Told[]> {
  const telling = sent.map(async ([at_ms, asked]) => {
    await new Promise((resolve) => setTimeout(resolve, at_ms))
    const begin_ms = performance.now()
    return { outcome: await handler.execute(asked), after_ms: performance.now() - begin_ms }
  })
  await jest.advanceTimersByTimeAsync(10 * TIMEOUT_MS)
  return Promise.all(telling)
}

const UNKNOWN = { outcome: { kind: 'unavailable', overloaded: false } }

test.each([
  ['are to be accepted', 1],
  ['are to be refused', 11],
])('commands that %s are answered when their time is over, however long the store is silent', async (_, amount) => {
  isSilent = true
  const told = await answers([0, payment(amount)], [1, payment(1)], [2_000, payment(1)], [4_500, payment(1)])
  expect(told).toMatchObject(told.map(() => UNKNOWN))
  for (const { after_ms } of told) expect(after_ms).toBeLessThanOrEqual(TIMEOUT_MS + LATE_MS)
})

test('what was answered while names were looked up for it is not appended any more', async () => {
  const refund = command(wallet, 'refund', {
    body: Pay,
    rejections: {},
    lookups: () => ({ payment: 'invoice/A-1' }),
    decide: ({ paid }, { amount }, { event }) => [event('Paid', { amount: -amount, before: paid })],
  })
  findClaim = () =>
    new Promise((resolve) => {
      setTimeout(() => resolve(undefined), 2 * TIMEOUT_MS)
    })
  const told = await answers([0, request(refund, { amount: 1 })], [1, payment(1)])
  expect(told).toMatchObject([UNKNOWN, UNKNOWN])
  expect(told[0]?.after_ms).toBeLessThanOrEqual(TIMEOUT_MS + LATE_MS)
  expect(await log(inner)).toHaveLength(1)
})
