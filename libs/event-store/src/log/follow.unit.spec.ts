import { setImmediate as nextTurn } from 'node:timers/promises'
import { type RecordedEvent } from '#domain-kit'
import { type EventBatch } from '../port.js'
import { follow, type Page, type Pages } from './follow.js'
import { Mailbox } from './live-feed.js'

const eventsOf = (after: number, last: number): RecordedEvent[] =>
  Array.from({ length: last - after }, (_, at) => ({ position: BigInt(after + at + 1) }) as RecordedEvent)

const commit = (after: number, position: number): EventBatch => ({
  after: BigInt(after),
  position: BigInt(position),
  events: eventsOf(after, position),
})

/** A log whose pages come when the test says. */
class HeldLog implements Pages {
  readonly asked: { after: number; within_ms: number | undefined; answer: (last: number) => void; fail: () => void }[] =
    []
  private told: () => void = () => undefined

  async page(after: bigint, limit: number, _wanted: unknown, within_ms?: number): Promise<Page> {
    return new Promise((resolve, reject) => {
      const answer = (last: number): void => {
        const events = eventsOf(Number(after), Math.max(Number(after), last)).slice(0, limit)
        resolve({ count: events.length, last: events.at(-1)?.position ?? after, events, isCut: false })
      }
      this.asked.push({ after: Number(after), within_ms, answer, fail: () => reject(new Error('no answer')) })
      this.told()
    })
  }

  /** The nth page that is asked for. */
  async nth(at: number) {
    while (this.asked.length <= at) await new Promise<void>((resolve) => (this.told = resolve))
    return this.asked[at]!
  }
}

let log: HeldLog
let mailbox: Mailbox
let stop: AbortController
let batches: AsyncGenerator<EventBatch>

beforeEach(() => {
  log = new HeldLog()
  mailbox = new Mailbox()
  stop = new AbortController()
  batches = follow(log, { open: () => mailbox }, { after: 0n, batch_max: 10, signal: stop.signal })
})

const next = async (): Promise<unknown> => {
  const found = await batches.next()
  if (found.done === true) return 'the end'
  const { after, position, events } = found.value
  return [Number(after), Number(position), events.map((each) => Number(each.position))]
}

/** It has read to the end, and looks again; nobody answers. */
async function hanging(): Promise<Awaited<ReturnType<HeldLog['nth']>>> {
  const first = next()
  ;(await log.nth(0)).answer(2)
  expect(await first).toEqual([0, 2, [1, 2]])
  const look = log.nth(1)
  const following = next()
  const asked = await look
  mailbox.put(commit(2, 3))
  expect(await following).toEqual([2, 3, [3]])
  return asked
}

test('while a look at the log hangs, what is told is passed on; what the look brings late is handed out once', async () => {
  const look = await hanging()
  expect(look.after).toBe(2)
  mailbox.put(commit(3, 5))
  expect(await next()).toEqual([3, 5, [4, 5]])
  const following = next()
  look.answer(7)
  expect(await following).toEqual([5, 7, [6, 7]])
  mailbox.put(commit(5, 8))
  expect(await next()).toEqual([7, 8, [8]])
})

test('a look that hangs is given up sooner than a page that is missed, and later each time', async () => {
  const look = await hanging()
  expect(look.within_ms).toBe(2_500)
  const following = next()
  look.fail()
  const again = await log.nth(2)
  expect(again).toMatchObject({ after: 3, within_ms: 5_000 })
  again.answer(4)
  expect(await following).toEqual([3, 4, [4]])
})

test('what was not told is read, and a look that was begun before does not stand for it', async () => {
  const look = await hanging()
  const following = next()
  mailbox.put(commit(6, 7))
  await nextTurn()
  look.answer(3)
  const missed = await log.nth(2)
  expect(missed.after).toBe(3)
  missed.answer(7)
  expect(await following).toEqual([3, 7, [4, 5, 6, 7]])
})

test.each(['the first page', 'a look'])('the signal is heard while %s hangs', async (what) => {
  if (what === 'a look') await hanging()
  const following = next()
  await nextTurn()
  stop.abort()
  expect(await following).toBe('the end')
})
