import { backOff_ms } from './back-off.js'
import { type Connection } from './connection.js'
import { isRetryable, type LiveProblem } from './live-error.js'
import { type Watch } from './watch.js'
import { type Answer, type Told } from './wire.js'

/** Subscribes that wait for their answers at the same time: a thousand at once would be a crowd by itself. */
const ASKING_MAX = 32

export interface SubscriptionsEvents {
  readonly onSubscribed: () => void
  readonly onRefused: (watch: Watch, problem: LiveProblem) => void
  /** The token is not worth anything any more. */
  readonly onUnauthorized: () => void
}

/** Everything that is watched, over one connection. Another connection has another of these. */
export class Subscriptions {
  private readonly byId = new Map<string, Watch>()
  private readonly idOf = new Map<Watch, string>()
  private readonly waiting = new Set<Watch>()
  private readonly attempts = new Map<Watch, number>()
  private readonly timers = new Set<ReturnType<typeof setTimeout>>()
  private asking = 0
  private isOver = false

  constructor(
    private readonly connection: Connection,
    private readonly events: SubscriptionsEvents,
  ) {}

  add(watch: Watch): void {
    this.waiting.add(watch)
    this.ask()
  }

  remove(watch: Watch): void {
    this.waiting.delete(watch)
    this.attempts.delete(watch)
    const id = this.idOf.get(watch)
    if (id === undefined) return
    this.idOf.delete(watch)
    this.byId.delete(id)
    this.connection.unsubscribe(id)
  }

  told(kind: 'change' | 'reset', id: string, message: Told): void {
    const watch = this.byId.get(id)
    if (kind === 'change') watch?.changed(message)
    else watch?.reset(message)
  }

  /** The server could not keep it, which is no other than that it refuses it. */
  ended(id: string, problem: LiveProblem): void {
    const watch = this.byId.get(id)
    if (!watch) return
    this.byId.delete(id)
    this.idOf.delete(watch)
    this.refused(watch, problem)
  }

  end(): void {
    this.isOver = true
    for (const each of this.timers) clearTimeout(each)
  }

  private ask(): void {
    for (const watch of this.waiting) {
      if (this.isOver || this.asking >= ASKING_MAX) return
      this.waiting.delete(watch)
      this.asking += 1
      this.connection.subscribe(watch.request(), (answer) => {
        this.asking -= 1
        if (this.isOver) return
        this.answered(watch, answer)
        this.ask()
      })
    }
  }

  private answered(watch: Watch, answer: Answer): void {
    if (!answer.ok) {
      if (!watch.stopped) this.refused(watch, answer.problem)
      return
    }
    this.events.onSubscribed()
    const { subscription } = answer
    // Nobody could unsubscribe before there was anything to unsubscribe from.
    if (watch.stopped) return this.connection.unsubscribe(subscription)
    this.attempts.delete(watch)
    this.byId.set(subscription, watch)
    this.idOf.set(watch, subscription)
    watch.answered(answer)
  }

  private refused(watch: Watch, problem: LiveProblem): void {
    if (problem.status === 401) return this.events.onUnauthorized()
    if (!isRetryable(problem)) return this.events.onRefused(watch, problem)
    const attempt = this.attempts.get(watch) ?? 0
    this.attempts.set(watch, attempt + 1)
    const timer = setTimeout(
      () => {
        this.timers.delete(timer)
        if (!watch.stopped) this.add(watch)
      },
      backOff_ms(attempt + 1, Math.random()),
    )
    this.timers.add(timer)
  }
}
