import { silentLogger } from '#testing'
import { newEvents, newRequest, newStream } from '../contract/requests.js'
import { batchOf } from '../fixtures/committed.js'
import { DEFAULT_LIMITS, StoreUnavailable } from '../port.js'
import { AppendQueue, type Waiting } from '../log/append-queue.js'
import { BatchLimit } from './batch-limit.js'
import { BatchSender, type BatchSenderOptions, type BatchTimes } from './batch-sender.js'
import { type CommittedBatch } from '../log/committed-batch.js'
import { plan } from '../log/pack.js'
import { type Sent } from './term.js'

/** Batches that are early enough while one is in flight. */
const EARLY = 256

afterEach(() => jest.restoreAllMocks())

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A term that accepts everything and commits when it is told to. */
class SlowTerm {
  readonly sizes: number[] = []
  private head = 0
  private readonly open: { resolve(batch: CommittedBatch): void; reject(error: Error): void; batch: CommittedBatch }[] =
    []

  send(waiting: readonly Waiting[]): Promise<Sent> {
    const rows = waiting.flatMap(({ append }) => Array.from({ length: append.events }, () => ['thing-1', 0] as const))
    const batch = batchOf(this.head, rows)
    this.head += rows.length
    this.sizes.push(rows.length)
    const committed = new Promise<CommittedBatch>((resolve, reject) => this.open.push({ resolve, reject, batch }))
    const verdicts = waiting.map(() => ({ kind: 'accepted', revision: 0, position: 1, isContended: false }) as const)
    return Promise.resolve({ verdicts, committed })
  }

  get inFlight(): number {
    return this.open.length
  }

  commit(): void {
    const first = this.open.shift()
    first?.resolve(first.batch)
  }

  fail(error: Error): void {
    this.open.shift()?.reject(error)
  }
}

class Sending {
  readonly term = new SlowTerm()
  readonly queue = new AppendQueue()
  readonly limit = new BatchLimit()
  /** What each append was told. */
  readonly told: string[] = []
  readonly sender: BatchSender

  constructor(options: Partial<BatchSenderOptions> = {}) {
    this.sender = new BatchSender({
      term: this.term,
      queue: this.queue,
      limit: this.limit,
      logger: silentLogger(),
      committed: () => undefined,
      times: () => undefined,
      failed: () => undefined,
      ...options,
    })
  }

  /** Appends of so many events each. */
  async submit(appends: number, events = 1): Promise<void> {
    const append = plan(newRequest(newStream(), { events: newEvents(events) }), DEFAULT_LIMITS)
    const waiter = {
      settle: () => void this.told.push('settled'),
      fail: (_: number, error: Error) => void this.told.push(error instanceof StoreUnavailable ? 'failed' : 'bug'),
    }
    for (let index = 0; index < appends; index += 1) this.queue.push({ append, waiter, index, since_ms: 0 })
    this.sender.notify()
    await turn()
    await turn()
  }

  async commit(): Promise<void> {
    this.term.commit()
    await turn()
  }
}

test('a batch is committed: each that waits is told so once, whoever else that is told of it fails', async () => {
  const bug = (): never => {
    throw new TypeError('a bug of whoever listens')
  }
  const sending = new Sending({ committed: bug, times: bug })
  await sending.submit(3)
  await sending.commit()
  expect(sending.told).toEqual(['settled', 'settled', 'settled'])
  expect(sending.sender.isIdle).toBe(true)
})

test('never more than two batches are in flight, also after one of them failed or somebody who listens did', async () => {
  const sending = new Sending({
    committed: () => {
      throw new TypeError('a bug of whoever listens')
    },
  })
  for (let round = 0; round < 6; round += 1) {
    sending.limit.events_max = EARLY
    await sending.submit(4 * EARLY)
    expect(sending.term.inFlight).toBe(2)
    if (round % 2 === 0) await sending.commit()
    else sending.term.fail(new Error('the connection broke'))
    await turn()
    expect(sending.term.inFlight).toBeLessThanOrEqual(2)
  }
  while (sending.term.inFlight > 0) await sending.commit()
  expect(sending.told).toHaveLength(6 * 4 * EARLY)
  expect(sending.sender.isIdle).toBe(true)
})

test('the bound of a batch grows with the events that are committed, however many an append has', async () => {
  jest.spyOn(performance, 'now').mockReturnValue(0)
  const sending = new Sending()
  sending.limit.events_max = EARLY
  for (let round = 0; round < 8; round += 1) {
    await sending.submit(2 * EARLY, 4)
    while (sending.term.inFlight > 0) await sending.commit()
  }
  expect(sending.limit.events_max).toBeGreaterThan(2 * EARLY)
})

test('a batch waits while the one before is committed: its own commit is what comes then', async () => {
  let now_ms = 0
  jest.spyOn(performance, 'now').mockImplementation(() => now_ms)
  const times: BatchTimes[] = []
  const sending = new Sending({ times: (each) => void times.push(each) })
  sending.limit.events_max = EARLY
  await sending.submit(2 * EARLY)
  for (now_ms of [15, 25]) await sending.commit()
  expect(times).toMatchObject([
    { queued_ms: 0, commit_ms: 15 },
    { queued_ms: 15, commit_ms: 10 },
  ])
  expect(sending.limit.events_max).toBeGreaterThan(EARLY)
})

test('what was refused altogether says nothing of the disk', async () => {
  const sending = new Sending()
  jest.spyOn(sending.term, 'send').mockImplementation((waiting) => {
    const verdicts = waiting.map(() => ({ kind: 'conflict', stream: 'thing-1', revision: 0 }) as const)
    return Promise.resolve({ verdicts, committed: Promise.resolve(undefined) })
  })
  // Too long for a commit: it waited for the batch before.
  jest.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(500)
  await sending.submit(1)
  expect(sending.told).toEqual(['settled'])
  expect(sending.limit.events_max).toBe(1_024)
})

test('a batch that failed makes the next ones smaller', async () => {
  const sending = new Sending()
  await sending.submit(1_000)
  sending.term.fail(new Error('it took too long'))
  await turn()
  expect(sending.limit.events_max).toBe(750)
  expect(new Set(sending.told)).toEqual(new Set(['failed']))
})

test('what is in flight when its term ends is told when it is known, and no more is taken', async () => {
  const sending = new Sending()
  await sending.submit(1)
  sending.sender.stop()
  await sending.submit(1)
  expect(sending.queue.length).toBe(1)
  await sending.commit()
  expect(sending.told).toEqual(['settled'])
})
