import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, sharedClock_ms } from '#testing'
import { type BookHistory, type ReadAnswer } from './history.js'
import { type Http, isPassing } from './http.js'
import { type BookQuery } from './queries.js'

/** Asks for one thing of a book again and again, each time with the newest token that a client of it could have. */
export class Reader {
  readonly answers: ReadAnswer[] = []
  /** When each answer that was none came, on the shared clock. */
  readonly refusals_ms: number[] = []
  /** Answers that are neither right nor the word that there is none now. */
  readonly wrong: string[] = []
  private isOver = false
  private running: Promise<void> = Promise.resolve()
  private seen = 0n

  constructor(
    readonly query: BookQuery,
    private readonly history: BookHistory & { readonly position: bigint },
    private readonly http: Http,
    private readonly random: Random,
  ) {}

  /** The highest token with which it was answered. */
  get answered(): bigint {
    return this.answers.at(-1)?.token ?? -1n
  }

  start(): void {
    this.running = this.run()
  }

  async end(): Promise<void> {
    this.isOver = true
    await this.running
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.ask()
      await sleep(this.random.between(20, 80))
    }
  }

  private async ask(): Promise<void> {
    const { query, history } = this
    const { book, position } = history
    const acked = history.acks.length
    const token = position > this.seen ? position : this.seen
    const answer = await this.http.get(query.path(book), token)
    if (answer?.status === 200) {
      const reached = BigInt(String(answer.body['position']))
      this.answers.push({ query: query.name, token, acked, position: reached, count: query.count(answer.body) })
      // What was seen once must not be unseen.
      if (reached > this.seen) this.seen = reached
    } else if (isPassing(answer)) this.refusals_ms.push(sharedClock_ms())
    else this.wrong.push(`${query.path(book)} was answered ${answer?.status} ${JSON.stringify(answer?.body)}`)
  }
}
