import { createMemoryStore, type EventStore } from '#event-store'
import { checkCounts, count, put, take } from './fixtures/purse.js'
import { newKey, request } from './fixtures/wallet.js'
import { CommandHandler, type CommandOutcome } from './index.js'

let store: EventStore
/** Two instances; neither is told what the other appends. */
let here: CommandHandler
let there: CommandHandler

beforeEach(async () => {
  store = createMemoryStore()
  here = new CommandHandler({ store })
  there = new CommandHandler({ store })
  await here.execute(request(put, { amount: 1 }))
})

afterEach(() => jest.restoreAllMocks())

const accepted = (replayed: boolean): object => ({ kind: 'accepted', replayed })

/** The state that this instance decides on is the one that the log leads to. */
async function checkState(): Promise<number> {
  const counted: CommandOutcome = await here.execute(request(count, {}))
  expect(counted).toMatchObject(accepted(false))
  return (await checkCounts(store)).sum
}

describe('a key that was taken through another instance', () => {
  test('by another request: what comes behind it is not decided on an event that never was', async () => {
    const key = newKey()
    await there.execute(request(put, { amount: 1 }, { key }))
    const [putting, taking] = await Promise.all([
      here.execute(request(put, { amount: 1_000_000 }, { key })),
      here.execute(request(take, { amount: 1_000_000 })),
    ])
    expect(putting).toEqual({ kind: 'key-reused' })
    expect(taking).toMatchObject({ kind: 'rejected', rejection: { code: 'too-little' } })
    expect(await checkState()).toBe(2)
  })

  test('by the same request at another time: what comes behind it is decided on the event that the log has', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_000)
    const asked = request(put, { amount: 5 })
    await there.execute(asked)
    clock.mockReturnValue(2_000)
    const outcomes = await Promise.all([here.execute(asked), here.execute(request(count, {}))])
    expect(outcomes).toMatchObject([accepted(true), accepted(false)])
    expect(await checkState()).toBe(6)
    expect((await checkCounts(store)).last).toBe('1970-01-01T00:00:01.000Z')
  })

  test('by the same request to the same effect, behind an event that this one does not know: that one counts as well', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_000)
    const asked = request(put, { amount: 5 })
    await there.execute(request(put, { amount: 20 }))
    await there.execute(asked)
    const outcomes = await Promise.all(
      [request(put, { amount: 10 }), asked, request(count, {})].map((each) => here.execute(each)),
    )
    expect(outcomes).toMatchObject([accepted(false), accepted(true), accepted(false)])
    expect(await checkState()).toBe(36)
  })
})
