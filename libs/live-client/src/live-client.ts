import { backOff_ms, moveAfter_ms } from './back-off.js'
import { Connection } from './connection.js'
import { isRetryable, LiveError, type LiveProblem } from './live-error.js'
import { type LiveState } from './states.js'
import { Subscriptions } from './subscriptions.js'
import { outside, type Watch } from './watch.js'

/** Times in a row that a server may call our token invalid. The first may be one that has just expired. */
const UNAUTHORIZED_MAX = 3

export interface LiveClientOptions {
  readonly url: string
  readonly token: () => string | Promise<string>
  readonly isTokenFixed: boolean
  readonly transports: readonly string[]
  readonly onState: (state: LiveState) => void
  readonly onError: (error: Error) => void
  /** There is no token; it goes on asking for one. */
  readonly onTokenError: (error: Error) => void
}

/** Keeps one connection, from server to server, and everything that is watched subscribed on it. */
export class LiveClient {
  state: LiveState = 'connecting'
  private readonly watches = new Set<Watch>()
  private connection: Connection | undefined
  private subscriptions: Subscriptions | undefined
  /** Until the next attempt, or until we leave a server that is about to close. */
  private timer: ReturnType<typeof setTimeout> | undefined
  private attempts = 0
  private unauthorized = 0
  /** The application knows that it gives us no token. */
  private isTokenTold = false
  /** Grows with each attempt: what an earlier one still waits for is nothing to us. */
  private turn = 0

  constructor(private readonly options: LiveClientOptions) {
    void this.connect()
  }

  get size(): number {
    return this.watches.size
  }

  add(watch: Watch): void {
    this.watches.add(watch)
    this.subscriptions?.add(watch)
  }

  remove(watch: Watch): void {
    watch.stop()
    if (this.watches.delete(watch)) this.subscriptions?.remove(watch)
  }

  close(): void {
    if (this.state === 'closed') return
    clearTimeout(this.timer)
    this.leave()
    for (const each of this.watches) each.stop()
    this.watches.clear()
    this.become('closed')
  }

  private async connect(): Promise<void> {
    if (this.state === 'closed') return
    this.leave()
    this.timer = undefined
    const { turn } = this
    let token: string
    try {
      token = await this.options.token()
    } catch (error) {
      if (turn === this.turn) this.noToken(error)
      return
    }
    if (turn !== this.turn) return
    this.isTokenTold = false
    const { url, transports } = this.options
    const connection = new Connection(url, token, transports, {
      onOpen: () => this.opened(connection),
      onClosed: (problem) => this.lost(problem),
      onTold: (kind, id, message) => this.subscriptions?.told(kind, id, message),
      onEnded: (id, problem) => this.subscriptions?.ended(id, problem),
      onClosing: (message) => this.move(message),
    })
    this.connection = connection
  }

  private opened(connection: Connection): void {
    const subscriptions = new Subscriptions(connection, {
      onSubscribed: () => (this.attempts = 0),
      onRefused: (watch, problem) => this.refuse(watch, problem),
      onUnauthorized: () => this.renew(),
    })
    this.subscriptions = subscriptions
    this.unauthorized = 0
    for (const each of this.watches) subscriptions.add(each)
    // Last: what the application watches when it is told so is added by itself.
    this.become('live')
  }

  private lost(problem: LiveProblem | undefined): void {
    this.leave()
    if (problem?.status === 401) return this.renew(problem)
    if (problem && !isRetryable(problem)) return this.fail(problem)
    // A server that said when to come back is believed.
    if (this.timer === undefined) this.again()
    else this.become('reconnecting')
  }

  /** `closing`: we go by ourselves when it is time, unless the server has closed before; then we come back at that time. */
  private move(message: unknown): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(
      () => {
        this.become('reconnecting')
        void this.connect()
      },
      moveAfter_ms(message, !this.options.isTokenFixed, Math.random()),
    )
  }

  private again(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.connect(), backOff_ms(this.attempts, Math.random()))
    this.attempts += 1
    // Last: the application may close when it is told so.
    this.become('reconnecting')
  }

  /** Whoever gives out tokens is away, as a server may be. */
  private noToken(cause: unknown): void {
    const isNew = !this.isTokenTold
    this.isTokenTold = true
    this.again()
    if (!isNew || this.state === 'closed') return
    const reason = cause instanceof Error ? cause.message : String(cause)
    outside(() => this.options.onTokenError(new Error(`there is no token: ${reason}`, { cause })))
  }

  /** Comes back with another token. One that cannot change is not tried again. */
  private renew(problem = EXPIRED): void {
    this.leave()
    this.unauthorized += 1
    if (this.options.isTokenFixed || this.unauthorized >= UNAUTHORIZED_MAX) this.fail(problem)
    else this.again()
  }

  private fail(problem: LiveProblem): void {
    this.close()
    outside(() => this.options.onError(new LiveError(problem, undefined)))
  }

  private refuse(watch: Watch, problem: LiveProblem): void {
    this.remove(watch)
    const { onError = this.options.onError } = watch.options
    outside(() => onError(new LiveError(problem, watch.resource)))
  }

  private leave(): void {
    this.turn += 1
    this.subscriptions?.end()
    this.subscriptions = undefined
    this.connection?.close()
    this.connection = undefined
  }

  private become(state: LiveState): void {
    if (this.state === state || (this.state === 'connecting' && state === 'reconnecting')) return
    this.state = state
    outside(() => this.options.onState(state))
  }
}

const EXPIRED: LiveProblem = {
  status: 401,
  code: 'unauthorized',
  title: 'A valid bearer token is needed',
  detail: 'the token has expired; connect with a new one',
}
