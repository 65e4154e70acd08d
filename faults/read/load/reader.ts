import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, sharedClock_ms } from '#testing'
import { type BookHistory, type ReadAnswer, SOURCES } from './history.js'
import { type Http, type HttpAnswer, isPassing } from './http.js'
import { type BookQuery } from './queries.js'

/** What a query is to be as new as: at least the token, if any, and so with so many transactions. */
interface Asked {
  readonly token?: bigint
  readonly acked: number
}

/** Asks for one thing of a book again and again, with every kind of token. */
export class Reader {
  readonly answers: ReadAnswer[] = []
  /** When each answer that was none came, on the shared clock. */
  readonly refusals_ms: number[] = []
  /** Answers that are neither right nor the word that there is none now. */
  readonly wrong: string[] = []
  /** The highest token with which it was answered. */
  answered = -1n
  private isOver = false
  private running: Promise<void> = Promise.resolve()
  private seen = 0n

  constructor(
    readonly query: BookQuery,
    private readonly history: BookHistory & { readonly position: bigint },
    private readonly http: Http,
    private readonly random: Random,
  ) {}

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
    const asked = this.token()
    const path = query.path(history.book)
    const answer = await this.http.get(path, asked.token)
    if (answer?.status === 200) this.take(path, asked, answer)
    else if (isPassing(answer)) this.refusals_ms.push(sharedClock_ms())
    else this.wrong.push(`${path} was answered ${answer?.status} ${answer?.text}`)
  }

  /** The newest that a client of it could have, an older one, or none. */
  private token(): Asked {
    const { history, random } = this
    const { acks, position } = history
    if (random.chance(1 / 3)) return { acked: 0 }
    if (acks.length > 0 && random.chance(1 / 4)) {
      const old = random.pick(acks)
      return { token: old.position, acked: old.id + 1 }
    }
    return { token: position > this.seen ? position : this.seen, acked: acks.length }
  }

  private take(path: string, { token = 0n, acked }: Asked, { body = {}, text, header }: HttpAnswer): void {
    const { query } = this
    const source = SOURCES.find((each) => each === header('headwater-source'))
    const [position, told] = [body['position'], header('headwater-position')]
    if (!source || !isPosition(position) || !isPosition(told)) {
      this.wrong.push(`${path} was answered 200 from ${source} at ${told}: ${text.slice(0, 500)}`)
      return
    }
    const reached = BigInt(position)
    const answer = { query: query.name, token, acked, position: reached, header: BigInt(told), source }
    this.answers.push({ ...answer, count: query.count(body) })
    if (token > this.answered) this.answered = token
    // What was seen once must not be unseen.
    if (reached > this.seen) this.seen = reached
  }
}

const isPosition = (value: unknown): value is string => typeof value === 'string' && /^\d{1,19}$/.test(value)
