import { type Socket } from 'socket.io'
import { parsePosition } from '#http-api'
import { type Reader, type ResourceCatalogue } from '#read-models'
import { type Logger, type Principal, Problem, problemFrom, reasonOf, requireScope } from '#runtime'
import { authorized, checkQuery, checkWatchable } from '../query-input.js'
import { type LiveHub } from './hub.js'
import { type Acknowledgement } from './messages.js'
import { Subscription } from './subscription.js'

const SUBSCRIPTIONS_MAX = 1_000
/** Messages handed to the socket but not yet sent; beyond that changes wait here, conflated. */
const UNSENT_MAX = 64
const RESOURCE_LENGTH_MAX = 4_096

export interface SessionOptions {
  readonly socket: Socket
  readonly principal: Principal
  readonly catalogue: ResourceCatalogue
  readonly hub: LiveHub
  readonly reader: Reader
  readonly logger: Logger
}

interface SubscribeRequest {
  readonly resource: string
  readonly after: bigint | undefined
  readonly minPosition: bigint
}

/** One connected socket: its subscriptions, and what waits to be sent to it. */
export class Session {
  private readonly subscriptions = new Map<string, Subscription>()
  private readonly pending = new Set<string>()
  private readonly expiry: NodeJS.Timeout
  private last = 0
  /** Messages handed over since the socket last said that all had left. */
  private unsent = 0

  constructor(private readonly options: SessionOptions) {
    const { socket, principal } = options
    // A timer holds 24.8 days at most; a longer token is checked at every subscribe anyway.
    const left_ms = Math.min(principal.expiresAt_ms - Date.now(), 2_000_000_000)
    this.expiry = setTimeout(() => socket.disconnect(true), left_ms)
    socket.conn.on('drain', () => {
      this.unsent = 0
      this.flush()
    })
  }

  get size(): number {
    return this.subscriptions.size
  }

  async subscribe(payload: unknown): Promise<Acknowledgement> {
    const { principal, catalogue, hub, reader } = this.options
    try {
      if (Date.now() >= principal.expiresAt_ms)
        throw Problem.of('unauthorized', 'the token has expired; connect with a new one')
      requireScope(principal, 'read')
      if (this.subscriptions.size >= SUBSCRIPTIONS_MAX)
        throw Problem.of('too-many-requests', `a socket may hold ${SUBSCRIPTIONS_MAX} subscriptions`)
      const request = parseSubscribe(payload)
      const [path = '', search = ''] = request.resource.split('?')
      const found = catalogue.find(path)
      if (!found) throw Problem.of('not-found', 'no resource has this path')
      const named = authorized(found.readable, found.params, principal)
      const query = checkQuery(found.readable, Object.fromEntries(new URLSearchParams(search)))
      checkWatchable(found.readable, query)
      this.last += 1
      const id = `s${this.last}`
      const subscription = new Subscription({
        id,
        named,
        query,
        hub,
        reader,
        principal,
        onPending: () => {
          this.pending.add(id)
          this.flush()
        },
        onFailed: (error) => this.failed(id, error),
      })
      this.subscriptions.set(id, subscription)
      try {
        const { after, minPosition } = request
        const answer = await (after === undefined
          ? subscription.open(minPosition)
          : subscription.resume(after, minPosition))
        // The acknowledgement leaves first; what was pending follows it.
        setImmediate(() => this.flush())
        return answer
      } catch (error) {
        this.subscriptions.delete(id)
        throw error
      }
    } catch (error) {
      return { ok: false, problem: this.problem(error).details('/live') }
    }
  }

  unsubscribe(payload: unknown): { readonly ok: boolean } {
    const id = typeof payload === 'object' && payload !== null && 'subscription' in payload ? payload.subscription : ''
    const subscription = typeof id === 'string' ? this.subscriptions.get(id) : undefined
    if (typeof id === 'string') this.subscriptions.delete(id)
    subscription?.close()
    return { ok: subscription !== undefined }
  }

  close(): void {
    clearTimeout(this.expiry)
    for (const each of this.subscriptions.values()) each.close()
    this.subscriptions.clear()
  }

  private flush(): void {
    const { socket } = this.options
    while (this.pending.size > 0 && socket.connected && this.unsent < UNSENT_MAX) {
      const [id] = this.pending
      if (id === undefined) return
      this.pending.delete(id)
      const subscription = this.subscriptions.get(id)
      const next = subscription?.take()
      if (!next) continue
      socket.emit(next.event, next.message)
      this.unsent += 1
      // At the end of the line: no subscription keeps the others waiting.
      if (subscription?.isPending) this.pending.add(id)
    }
  }

  /** It could not be read anew; the client finds out at once and subscribes again. */
  private failed(id: string, error: unknown): void {
    this.subscriptions.delete(id)
    this.options.logger.warn({ reason: reasonOf(error) }, 'a subscription could not be kept; the socket is closed')
    this.options.socket.emit('closing', { reconnectInMs: 500 + Math.round(Math.random() * 1_000) })
    this.options.socket.disconnect(true)
  }

  private problem(error: unknown): Problem {
    const problem = problemFrom(error)
    if (problem) return problem
    this.options.logger.error(
      { reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined },
      'bug',
    )
    return Problem.of('internal-error', 'it was logged')
  }
}

function parseSubscribe(payload: unknown): SubscribeRequest {
  if (typeof payload !== 'object' || payload === null) throw invalid('send an object with "resource"')
  const { resource, after, minPosition, ...rest } = payload as Readonly<Record<string, unknown>>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalid(`${unknown.slice(0, 100)} is not a field of subscribe`)
  if (typeof resource !== 'string' || !resource.startsWith('/') || resource.length > RESOURCE_LENGTH_MAX)
    throw invalid('"resource" must be the path of a query')
  return {
    resource,
    after: after === undefined ? undefined : parsePosition('after', after),
    minPosition: minPosition === undefined ? 0n : parsePosition('minPosition', minPosition),
  }
}

function invalid(message: string): Problem {
  return Problem.of('invalid-parameter', message, { errors: [{ field: 'resource', rule: 'subscribe', message }] })
}
