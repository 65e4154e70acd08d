import {
  type AppendRequest,
  type AppendResult,
  createMemoryStore,
  type EventStore,
  StoreUnavailable,
} from '#event-store'
import { checkDecisions, log, open, payment, request } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'

const TIMEOUT_MS = 10_000

let shared: EventStore
let now_ms: number

beforeEach(() => {
  shared = createMemoryStore()
  now_ms = 1_000_000
  jest.spyOn(performance, 'now').mockImplementation(() => now_ms)
})
afterEach(() => jest.restoreAllMocks())

/** A link that stalls: what is sent is answered with silence, and reaches the log when somebody says so. */
class StalledLink {
  isStalled = true
  private readonly sent: AppendRequest[] = []
  private readonly silence: ((error: Error) => void)[] = []
  private wake: (() => void) | undefined

  readonly store: EventStore = Object.assign(Object.create(shared) as EventStore, {
    append: async (asked: AppendRequest): Promise<AppendResult> => {
      if (!this.isStalled) return shared.append(asked)
      this.sent.push(asked)
      this.wake?.()
      return new Promise((_, reject) => this.silence.push(reject))
    },
  })

  async hasSent(count: number): Promise<void> {
    while (this.sent.length < count)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
  }

  /** The sender gives up. */
  giveUp(): void {
    this.isStalled = false
    for (const reject of this.silence.splice(0)) reject(new StoreUnavailable('no answer'))
  }

  /** What was sent arrives after all. */
  async arrive(): Promise<AppendResult['outcome'][]> {
    const outcomes: AppendResult['outcome'][] = []
    for (const each of this.sent.splice(0)) outcomes.push((await shared.append(each)).outcome)
    return outcomes
  }
}

describe('a command that is refused after an attempt that nobody answered', () => {
  /** The second relies on the first, whose time is over when the sender gives up on both. */
  test.each([
    ['by its rules', {}],
    ['by If-Match', { ifMatch: 0n }],
  ])('%s is told that nobody knows: it happens when the attempt arrives after all', async (_, more) => {
    const link = new StalledLink()
    const handler = new CommandHandler({ store: link.store, timeout_ms: TIMEOUT_MS })
    const opening = handler.execute(request(open, { limit: 10 }))
    now_ms += TIMEOUT_MS / 2
    const asked = payment(7, more)
    const paying = handler.execute(asked)
    await link.hasSent(2)
    now_ms += TIMEOUT_MS / 2 + 1
    link.giveUp()
    expect(await opening).toMatchObject({ kind: 'unavailable' })
    expect(await paying).toMatchObject({ kind: 'unavailable', overloaded: false })
    expect(await link.arrive()).toEqual(['appended', 'appended'])
    expect(await checkDecisions(shared)).toBe(7)
    expect(await handler.execute(asked)).toMatchObject({ kind: 'accepted', replayed: true })
  })

  test('is refused where the stream has gone past it: the attempt comes to nothing', async () => {
    const link = new StalledLink()
    const other = new CommandHandler({ store: shared })
    await other.execute(request(open, { limit: 10 }))
    const paying = new CommandHandler({ store: link.store }).execute(payment(7))
    await link.hasSent(1)
    await other.execute(payment(8))
    link.giveUp()
    expect(await paying).toMatchObject({ kind: 'rejected', rejection: { code: 'over-limit' } })
    expect(await link.arrive()).toEqual(['conflict'])
    expect(await log(shared)).toHaveLength(2)
  })
})
