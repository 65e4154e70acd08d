import { type Link, LinkError, type LinkState, type RequestOptions } from '#mesh'
import { eventually, silentLogger } from '#testing'
import { LeaderLink } from './leader-link.js'

/** A link to a writer that leads when it is told so, and answers with its name, or never while it sleeps. */
class FakeWriter implements Link {
  state: LinkState = 'up'
  asleep = false
  isGone = false
  /** What the last request was given. */
  given_ms: number | undefined
  private epoch: bigint | null = null
  private readonly wakers = new Set<() => void>()

  constructor(private readonly name: string) {}

  lead(epoch: bigint | null): void {
    this.epoch = epoch
    for (const wake of this.wakers) wake()
  }

  die(): void {
    this.isGone = true
    for (const wake of this.wakers) wake()
  }

  async request(_method: string, _payload: unknown, { timeout_ms }: RequestOptions = {}): Promise<unknown> {
    this.given_ms = timeout_ms
    if (this.asleep) return new Promise(() => undefined)
    return Promise.resolve(this.name)
  }

  async *subscribe(_method: string, _payload: unknown, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator {
    for (let said: bigint | null | undefined; !signal?.aborted;) {
      if (this.isGone) throw new LinkError('unavailable', 'the link broke', true)
      if (said !== this.epoch) yield (said = this.epoch)
      else
        await new Promise<void>((resolve) => {
          this.wakers.add(resolve)
          signal?.addEventListener('abort', () => resolve(), { once: true })
        })
    }
  }

  onState(): () => void {
    return () => undefined
  }

  async close(): Promise<void> {
    this.state = 'closed'
    return Promise.resolve()
  }
}

let first: FakeWriter
let second: FakeWriter
let link: LeaderLink

beforeEach(() => {
  first = new FakeWriter('first')
  second = new FakeWriter('second')
  link = new LeaderLink([first, second], silentLogger())
})
afterEach(() => link.close())

const ask = (): Promise<unknown> => link.request('append', {}, { timeout_ms: 5_000 })
const goesTo = (name: string): Promise<unknown> => eventually(`it goes to ${name}`, async () => (await ask()) === name)

const nobodyLeads = (): Promise<unknown> =>
  eventually('nobody leads', async () =>
    link.request('append', {}, { timeout_ms: 5 }).then(
      () => false,
      (error: unknown) => error instanceof LinkError && error.kind === 'timeout',
    ),
  )

test('a request waits for a leader and goes to it', async () => {
  const asked = ask()
  second.lead(1n)
  expect(await asked).toBe('second')
})

test('without a leader it fails in time, and nothing was sent', async () => {
  await expect(link.request('append', {}, { timeout_ms: 20 })).rejects.toMatchObject({ kind: 'timeout', sent: false })
})

test('a clock that is set forward takes nobody his time', async () => {
  const clock = jest.spyOn(Date, 'now')
  const asked = link.request('append', {}, { timeout_ms: 60_000 })
  clock.mockReturnValue(Date.now() + 3_600_000)
  second.lead(1n)
  expect(await asked).toBe('second')
  expect(second.given_ms).toBeGreaterThan(1)
  clock.mockRestore()
})

test('the highest epoch is believed, whatever the other says', async () => {
  first.lead(4n)
  await goesTo('first')
  second.lead(5n)
  await goesTo('second')
  first.lead(null)
  first.lead(4n)
  expect(await ask()).toBe('second')
})

test('a leader that wakes up after its successor has gone is not believed', async () => {
  second.lead(5n)
  await goesTo('second')
  second.lead(null)
  await nobodyLeads()
  first.lead(4n)
  await nobodyLeads()
  first.lead(6n)
  await goesTo('first')
})

test('what is pending at a sleeping leader fails as soon as another leads: its outcome is unknown', async () => {
  first.lead(1n)
  await goesTo('first')
  first.asleep = true
  const asked = expect(ask()).rejects.toMatchObject({ kind: 'unavailable', sent: true })
  second.lead(2n)
  await asked
  await goesTo('second')
})

test('a leader whose link broke is no leader, until it says so again', async () => {
  first.lead(1n)
  await goesTo('first')
  first.die()
  await nobodyLeads()
  first.isGone = false
  await goesTo('first')
})

test('a subscription ends with the term', async () => {
  first.lead(1n)
  const items: unknown[] = []
  const reading = (async () => {
    for await (const item of link.subscribe('commits', null)) items.push(item)
  })()
  await eventually('an item has come', () => items.length > 0)
  second.lead(2n)
  await reading
  expect(items).toEqual([1n])
})

test('what waits when the link is closed fails', async () => {
  const asked = expect(ask()).rejects.toMatchObject({ kind: 'closed' })
  await link.close()
  await asked
})
