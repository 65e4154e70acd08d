import { getEventListeners } from 'node:events'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { type EventBatch, type EventStore } from '../port.js'
import {
  all,
  idsOf,
  mustAppend,
  newEvent,
  newEvents,
  newRequest,
  newStream,
  requestedIds,
  type Store,
} from './requests.js'
import { checkJoin, eventsOf } from './subscribing.js'

/** More than any store keeps for one subscriber. */
const BACKLOG_BYTES = 17 * 1024 * 1024
const EVENT_BYTES = 512 * 1024
const EVENTS_PER_APPEND = 200
/** An end is prompt when nobody has to wait for it longer: shorter than any store waits for an answer or looks whether a server is there. */
const PROMPT_MS = 4_000
/** Subscribers that leave at one time: more than a store has connections. */
const LEAVING = 12

/** @returns the ids of what was appended, in order: tiny events, so many at least, or large ones, so many bytes at least. */
async function appendBacklog(store: EventStore, kind: 'many' | 'large', backlog_events: number): Promise<string[]> {
  const stream = newStream()
  const ids: string[] = []
  const perAppend =
    kind === 'many' ? EVENTS_PER_APPEND : Math.floor((store.limits.append_size_bytes - 8_192) / EVENT_BYTES)
  const most = kind === 'many' ? backlog_events : BACKLOG_BYTES / EVENT_BYTES
  const data = kind === 'many' ? {} : { text: 'x'.repeat(EVENT_BYTES - 1_024) }
  while (ids.length <= most) {
    const events = Array.from({ length: perAppend }, () => newEvent(data))
    await mustAppend(store, newRequest(stream, { events }))
    ids.push(...idsOf(events))
  }
  return ids
}

/** @param backlog_events more than the store keeps for one subscriber. */
export function describeSlowSubscribers(store: Store, backlog_events: () => number): void {
  test.each(['many', 'large'] as const)('who takes nothing while %s events come misses none', async (kind) => {
    const after = await store().head()
    const first = newRequest(newStream())
    const { position: live } = await mustAppend(store(), first)
    const stop = new AbortController()
    const subscription = store().subscribe({ after, signal: stop.signal })[Symbol.asyncIterator]()
    const batches: EventBatch[] = []
    const take = async (): Promise<bigint> => {
      const { value } = (await subscription.next()) as IteratorYieldResult<EventBatch>
      checkJoin(store(), value, batches.at(-1)?.position ?? after, 1_000)
      batches.push(value)
      return value.position
    }
    while ((await take()) < live);
    const ids = await appendBacklog(store(), kind, backlog_events())
    const end = await store().head()
    while ((await take()) < end);
    stop.abort()
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
    expect(idsOf(eventsOf(batches))).toEqual([...requestedIds(first), ...ids])
  })
}

/** What is there for a subscriber that leaves: it asks for small batches, so that most of it is still before it. */
interface Leaving {
  readonly subscription: AsyncIterator<EventBatch>
  readonly stop: AbortController
  readonly end: bigint
}

const phases: [string, (leaving: Leaving) => Promise<void>][] = [
  [
    'before it began',
    async ({ stop }) => {
      stop.abort()
      return Promise.resolve()
    },
  ],
  [
    'while it catches up',
    async ({ subscription, stop }) => {
      await subscription.next()
      const next = subscription.next()
      stop.abort()
      await promptly(next)
    },
  ],
  [
    'while a batch is made use of',
    async ({ subscription, stop }) => {
      await subscription.next()
      stop.abort()
    },
  ],
  [
    'while it waits for what comes',
    async ({ subscription, stop, end }) => {
      await takeUpTo(end, subscription)
      const next = subscription.next()
      stop.abort()
      await promptly(next)
    },
  ],
  [
    'while it is live, and a batch is made use of',
    async ({ subscription, stop, end }) => {
      await takeUpTo(end, subscription)
      stop.abort()
    },
  ],
]

async function takeUpTo(end: bigint, subscription: AsyncIterator<EventBatch>): Promise<void> {
  for (;;) {
    const next = await subscription.next()
    if (next.done || next.value.position >= end) return
  }
}

async function promptly<T>(ending: Promise<T>): Promise<T> {
  const late = new AbortController()
  const tooLate = sleep(PROMPT_MS, undefined, { signal: late.signal }).then(async () => {
    // A machine that stood still takes up timers before what came meanwhile.
    for (let turn = 0; turn < 2; turn += 1) await setImmediate()
    throw new Error(`it did not end within ${PROMPT_MS} ms`)
  })
  tooLate.catch(() => undefined)
  try {
    return await Promise.race([ending, tooLate])
  } finally {
    late.abort()
  }
}

export function describeLeaving(store: Store): void {
  async function open(): Promise<Leaving[]> {
    const after = await store().head()
    const { position: end } = await mustAppend(store(), newRequest(newStream(), { events: newEvents(100) }))
    return Array.from({ length: LEAVING }, () => {
      const stop = new AbortController()
      const subscribed = store().subscribe({ after, batch_max: 10, signal: stop.signal })
      return { subscription: subscribed[Symbol.asyncIterator](), stop, end }
    })
  }

  test.each(phases)('%s it ends at once, and holds nothing', async (_, leave) => {
    const leaving = await open()
    await Promise.all(leaving.map(leave))
    const ends = Promise.all(leaving.map(({ subscription }) => subscription.next()))
    expect(await promptly(ends)).toEqual(leaving.map(() => ({ done: true, value: undefined })))
    for (const { stop } of leaving) expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    await goesOn()
  })

  test('out of its loop it ends at once, and holds nothing', async () => {
    const leaving = await open()
    const left = leaving.map(async ({ subscription, end }, at) => {
      // Half of them catching up, half of them live.
      await (at % 2 === 0 ? subscription.next() : takeUpTo(end, subscription))
      return subscription.return?.()
    })
    expect(await promptly(Promise.all(left))).toEqual(leaving.map(() => ({ done: true, value: undefined })))
    for (const { stop } of leaving) expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    await goesOn()
  })

  /** Nobody who left keeps others from the store. */
  async function goesOn(): Promise<void> {
    const request = newRequest(newStream())
    const after = await store().head()
    const next = store().subscribe({ after })[Symbol.asyncIterator]()
    await mustAppend(store(), request)
    const reads = Array.from({ length: LEAVING }, () => all(store().readAll({ after })))
    for (const events of await Promise.all(reads)) expect(idsOf(events)).toEqual(requestedIds(request))
    const { value } = (await next.next()) as IteratorYieldResult<EventBatch>
    expect(idsOf(value.events)).toEqual(requestedIds(request))
    await next.return?.()
  }
}
