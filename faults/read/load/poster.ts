import { setTimeout as sleep } from 'node:timers/promises'
import { type Operation, type Random, sharedClock_ms } from '#testing'
import { type Ack, type BookHistory } from './history.js'
import { type Http, isPassing } from './http.js'

const RETRY_MS = 50
const ACCOUNTS = ['a', 'b'] as const

/** The one client that writes to a book: a transaction at a time, each sent until it is acknowledged. */
export class Poster implements BookHistory {
  readonly opening: Operation[] = []
  readonly acks: Ack[] = []
  /** Why it has ended by itself: it was refused for good. */
  failure: Error | undefined
  private isOver = false
  private isGivenUp = false
  private running: Promise<void> = Promise.resolve()

  constructor(
    readonly book: string,
    private readonly http: Http,
    private readonly random: Random,
  ) {}

  /** Position of the last that was acknowledged, the opening included. */
  get position(): bigint {
    const opened = this.opening.at(-1)?.result
    return this.acks.at(-1)?.position ?? (opened?.kind === 'acknowledged' ? opened.place.position : 0n)
  }

  /** The first that was asked for at this moment or later and is acknowledged. */
  ackSince(at_ms: number): Ack | undefined {
    const later = this.acks.findLastIndex(({ invoked_ms }) => invoked_ms < at_ms) + 1
    return this.acks[later]
  }

  async open(): Promise<void> {
    await this.openOne('/v1/ledger/books', { book: this.book }, 'BookOpened')
    for (const account of ACCOUNTS)
      await this.openOne(`/v1/ledger/books/${this.book}/accounts`, { account }, `AccountOpened ${account}`)
  }

  start(): void {
    this.running = this.run()
    // Until `end` nobody waits for it.
    this.running.catch((error: unknown) => (this.failure = error instanceof Error ? error : new Error(String(error))))
  }

  /** Waits until the last is acknowledged. @throws Error when one was refused for good. */
  async end(): Promise<void> {
    this.isOver = true
    await this.running
  }

  /** Ends it though the last may not be acknowledged, also while it opens. */
  giveUp(): void {
    this.isOver = true
    this.isGivenUp = true
  }

  private async openOne(path: string, body: object, name: string): Promise<void> {
    const invoked_ms = sharedClock_ms()
    const { stream, revision, position } = await this.insist(path, body, name)
    this.opening.push({
      client: this.book,
      command: { stream, key: name },
      writes: [{ stream, ids: [`${stream} ${name}`] }],
      invoked_ms,
      result: { kind: 'acknowledged', acked_ms: sharedClock_ms(), place: { stream, revision, position } },
    })
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const invoked_ms = sharedClock_ms()
      const id = this.acks.length
      const postings = ACCOUNTS.map((account) => ({ account, amount: account === 'a' ? '1' : '-1', commodity: 'EUR' }))
      const body = { id: String(id), date: '2026-11-23', postings }
      const place = await this.insist(`/v1/ledger/books/${this.book}/transactions`, body, String(id))
      this.acks.push({ id, ...place, invoked_ms, acked_ms: sharedClock_ms() })
      await sleep(this.random.between(10, 60))
    }
  }

  private async insist(
    path: string,
    body: object,
    key: string,
  ): Promise<{ stream: string; revision: bigint; position: bigint }> {
    for (;;) {
      const answer = await this.http.post(path, body, key)
      if (answer?.status === 201 && answer.body) {
        const { stream, revision, position } = answer.body as Record<'stream' | 'revision' | 'position', string>
        return { stream, revision: BigInt(revision), position: BigInt(position) }
      }
      if (this.isGivenUp) throw new Error(`${this.book}: ${key} was given up`)
      if (!isPassing(answer)) throw new Error(`${this.book}: ${key} was answered ${answer?.status} ${answer?.text}`)
      await sleep(RETRY_MS)
    }
  }
}
