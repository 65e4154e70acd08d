import { type Socket } from 'socket.io'
import { type ResourceCatalogue } from '#read-models'
import { isExpired, type Logger, type Principal, Problem, problemFrom, reasonOf, requireScope } from '#runtime'
import { authorized, checkQuery, checkWatchable } from '../query-input.js'
import { type Leaving } from './drain.js'
import { type Timed } from './expiry-wheel.js'
import { type FailureLog } from './failure-log.js'
import { type LiveHub } from './hub.js'
import { type Asker, type LiveReading } from './live-reads.js'
import { type Acknowledgement, type Closing, type ClosingReason, type Ended } from './messages.js'
import { Sender } from './sender.js'
import { Slots } from './slots.js'
import { type SubjectLimits } from './subject-limits.js'
import { parseSubscribe, type SubscribeRequest } from './subscribe-request.js'
import { Subscription } from './subscription.js'

const SUBSCRIPTIONS_MAX = 1_000
/**
 * Of what is read for a socket so many answers at a time are not handed over yet, and as many parts of what it has missed: each may be large.
 * They do not wait for each other: who asks waits for an answer, and not for all that was missed elsewhere.
 */
const UNHANDED_MAX = 16
/** How long before its token expires a socket is told to come back with a new one. At most half of what the token has left. */
const NOTICE_MS = 5_000
/** Over how long those spread who were told to come back at the same time. */
const SPREAD_MS = 1_000

/** What all sessions of a process share. */
export interface SessionContext {
  readonly catalogue: ResourceCatalogue
  readonly hub: LiveHub
  readonly readerFor: (asker: Asker) => LiveReading
  readonly limits: SubjectLimits
  readonly failures: FailureLog
  readonly logger: Logger
}

/** Who is at the other end. */
export interface Client {
  readonly principal: Principal
  readonly hearsEnded: boolean
}

/** One connected socket and its subscriptions. Ten thousand of them are idle in a process: each holds as little as it can. */
export class Session implements Timed, Leaving {
  /** When its token wants attention, in ms since 1970. */
  dueAt_ms: number
  private subscriptions: Map<string, Subscription> | undefined
  private readonly sender: Sender
  private answering: Slots | undefined
  private catchingUp: Slots | undefined
  /** Subscribes that are not answered yet, also of what has been closed since. */
  private opening = 0
  private last = 0

  constructor(
    private readonly socket: Socket,
    private readonly client: Client,
    private readonly context: SessionContext,
  ) {
    const { expiresAt_ms } = client.principal
    const left_ms = expiresAt_ms - Date.now()
    this.dueAt_ms = expiresAt_ms - Math.min(NOTICE_MS, left_ms / 2)
    this.sender = new Sender(socket)
  }

  get isBusy(): boolean {
    return this.opening > 0 || this.sender.isPending
  }

  /** Answers a `subscribe`; what comes of it follows the answer. */
  async subscribe(payload: unknown, answer: (acknowledgement: Acknowledgement) => void): Promise<void> {
    this.opening += 1
    try {
      const { subscription, request } = this.add(payload)
      await this.begin(subscription, request, answer)
    } catch (error) {
      answer({ ok: false, problem: this.problem(error).details('/live') })
    } finally {
      this.opening -= 1
    }
  }

  unsubscribe(payload: unknown): { readonly ok: boolean } {
    const id = typeof payload === 'object' && payload !== null && 'subscription' in payload ? payload.subscription : ''
    const subscription = typeof id === 'string' ? this.subscriptions?.get(id) : undefined
    if (subscription) this.remove(subscription)
    return { ok: subscription !== undefined }
  }

  /** Answers what is no message of this namespace. */
  refuse(message: string): Acknowledgement {
    const errors = [{ field: 'event', rule: 'known', message }]
    return { ok: false, problem: Problem.of('invalid-parameter', message, { errors }).details('/live') }
  }

  /** What the token's time asks for. @returns whether it is to be asked again, at {@link dueAt_ms}. */
  expire(): boolean {
    const { expiresAt_ms } = this.client.principal
    if (this.dueAt_ms >= expiresAt_ms) {
      this.socket.disconnect(true)
      return false
    }
    this.announce('token-expires', expiresAt_ms - Date.now())
    this.dueAt_ms = expiresAt_ms
    return true
  }

  /** Closes the socket of a planned stop. */
  leave(): void {
    this.announce('stopping', 0)
    this.socket.disconnect(true)
  }

  /** The socket is closed. */
  close(): void {
    for (const each of this.subscriptions?.values() ?? []) this.remove(each)
    this.sender.close()
  }

  /** @throws Problem when it may not be watched. */
  private add(payload: unknown): { readonly subscription: Subscription; readonly request: SubscribeRequest } {
    const { sender } = this
    const { principal } = this.client
    const { catalogue, hub, readerFor, limits } = this.context
    if (isExpired(principal)) throw Problem.of('unauthorized', 'the token has expired; connect with a new one')
    requireScope(principal, 'read')
    if ((this.subscriptions?.size ?? 0) >= SUBSCRIPTIONS_MAX)
      throw Problem.of(
        'too-many-requests',
        `a socket may hold ${SUBSCRIPTIONS_MAX} subscriptions; unsubscribe from some, or open another socket`,
      )
    if (this.opening > SUBSCRIPTIONS_MAX)
      throw Problem.of(
        'too-many-requests',
        `a socket may have ${SUBSCRIPTIONS_MAX} subscribes in hand; wait for their answers`,
      )
    const request = parseSubscribe(payload)
    const found = catalogue.find(request.path)
    if (!found) throw Problem.of('not-found', 'no resource has this path')
    const named = authorized(found.readable, found.params, principal)
    const query = checkQuery(found.readable, request.query)
    checkWatchable(found.readable, query)
    limits.subscribe(principal.subject)
    this.last += 1
    const subscription = new Subscription({
      id: `s${this.last}`,
      named,
      query,
      hub,
      readerFor,
      principal,
      inTurn: (work) => (this.catchingUp ??= new Slots(UNHANDED_MAX)).run(work),
      onPending: (each) => sender.add(each),
      onFailed: (each, error) => this.failed(each, error),
    })
    this.subscriptions ??= new Map()
    this.subscriptions.set(subscription.id, subscription)
    return { subscription, request }
  }

  private async begin(
    subscription: Subscription,
    { after, minPosition }: SubscribeRequest,
    answer: (acknowledgement: Acknowledgement) => void,
  ): Promise<void> {
    const { limits } = this.context
    try {
      await limits.reading(this.client.principal.subject, () =>
        (this.answering ??= new Slots(UNHANDED_MAX)).run(async () => {
          const acknowledgement = await (after === undefined
            ? subscription.open(minPosition)
            : subscription.resume(after, minPosition))
          await this.sender.answer(() => subscription.answer(() => answer(acknowledgement)))
        }),
      )
    } catch (error) {
      this.remove(subscription)
      throw error
    }
  }

  private remove(subscription: Subscription): void {
    if (!this.subscriptions?.delete(subscription.id)) return
    this.context.limits.unsubscribe(this.client.principal.subject)
    this.sender.remove(subscription)
    subscription.close()
  }

  /** It could not be kept; a client that listens is told why, and what else it watches goes on. */
  private failed(subscription: Subscription, error: unknown): void {
    this.remove(subscription)
    const problem = problemFrom(error) ?? BUG
    if (problem.status >= 500) this.context.failures.tell(subscription.named.readable, error)
    if (!this.client.hearsEnded) {
      this.announce('failed', 500)
      this.socket.disconnect(true)
      return
    }
    const ended: Ended = { subscription: subscription.id, problem: problem.details('/live') }
    this.socket.emit('ended', ended)
  }

  /** @param least_ms that the socket may stay open for. */
  private announce(reason: ClosingReason, least_ms: number): void {
    const closing: Closing = { reconnectInMs: Math.round(least_ms + Math.random() * SPREAD_MS), reason }
    this.socket.emit('closing', closing)
  }

  private problem(error: unknown): Problem {
    const problem = problemFrom(error)
    if (problem) return problem
    this.context.logger.error(
      { reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined },
      'bug',
    )
    return BUG
  }
}

const BUG = Problem.of('internal-error', 'it was logged')
