import { io, type Socket } from 'socket.io-client'
import { type LiveUpdate } from '#live-client'

/** What a watcher needs of a client, the live client or this. */
export interface Watching {
  watch<T>(resource: string, onChange: (update: LiveUpdate<T>) => void): unknown
  close(): void
}

export interface RawLiveOptions {
  /** Origin of the query API. */
  readonly url: string
  readonly token: string
  /** A watch that the server refuses or ends, and not only for now. */
  readonly onError: (error: Error) => void
}

/** How long a server may take to answer. */
const ANSWER_MS_MAX = 15_000
/** Before what was refused for now is asked for again, and before coming back to a server that has closed the connection. */
const RETRY_MS = 250

type Told = Pick<LiveUpdate, 'position' | 'data'>
interface Problem {
  readonly status: number
  readonly detail: string
}
type Answer =
  | ({ readonly ok: true; readonly subscription: string; readonly changes?: readonly Told[] } & Told)
  | { readonly ok: false; readonly problem: Problem }

interface Watch {
  readonly resource: string
  readonly tell: (update: LiveUpdate) => void
  /** Of the last that was told. */
  after?: string
}

/**
 * Watches as a client does that was written by the contract alone, but drops nothing: each message is told as it came, also one that
 * should not have come. The live client would keep what comes again, or too late, to itself.
 */
export class RawLive implements Watching {
  private readonly socket: Socket
  private readonly watches: Watch[] = []
  /** Of this connection, by the names that the server has given them. */
  private readonly byId = new Map<string, Watch>()
  private readonly timers = new Set<NodeJS.Timeout>()

  constructor(private readonly options: RawLiveOptions) {
    const { url, token } = options
    const reconnection = { reconnectionDelay: RETRY_MS, reconnectionDelayMax: 4 * RETRY_MS }
    const auth = { token, ended: true }
    this.socket = io(`${url}/live`, { auth, transports: ['websocket'], forceNew: true, ...reconnection })
    this.socket.on('connect', () => this.opened())
    // Whom the server sends away, or does not let in, it does not expect to come back by itself.
    this.socket.on('disconnect', () => this.comeBack())
    this.socket.on('connect_error', () => this.comeBack())
    for (const kind of ['change', 'reset'] as const)
      this.socket.on(kind, ({ subscription, ...told }: Told & { readonly subscription: string }) =>
        this.tell(this.byId.get(subscription), kind, told),
      )
    this.socket.on('ended', ({ subscription, problem }: { subscription: string; problem: Problem }) => {
      const watch = this.byId.get(subscription)
      if (this.byId.delete(subscription) && watch) this.refused(watch, problem)
    })
  }

  watch<T>(resource: string, onChange: (update: LiveUpdate<T>) => void): void {
    const watch: Watch = { resource, tell: onChange as Watch['tell'] }
    this.watches.push(watch)
    if (this.socket.connected) this.subscribe(watch)
  }

  close(): void {
    for (const each of this.timers) clearTimeout(each)
    this.socket.removeAllListeners()
    this.socket.disconnect()
  }

  private opened(): void {
    this.byId.clear()
    for (const each of this.watches) this.subscribe(each)
  }

  private comeBack(): void {
    if (!this.socket.active) this.later(() => this.socket.connect())
  }

  private subscribe(watch: Watch): void {
    const { id } = this.socket
    const { resource, after } = watch
    const request = after === undefined ? { resource } : { resource, after }
    this.socket.timeout(ANSWER_MS_MAX).emit('subscribe', request, (error: Error | null, answer: Answer) => {
      // Another connection subscribes anew.
      if (this.socket.id !== id) return
      if (error) this.socket.disconnect()
      else this.answered(watch, answer)
    })
  }

  private answered(watch: Watch, answer: Answer): void {
    if (!answer.ok) return this.refused(watch, answer.problem)
    const { subscription, changes, position, data } = answer
    this.byId.set(subscription, watch)
    if (changes) for (const each of changes) this.tell(watch, 'change', each)
    else this.tell(watch, 'snapshot', { position, data })
  }

  private refused(watch: Watch, { status, detail }: Problem): void {
    const { id } = this.socket
    if (status !== 429 && status !== 503) this.options.onError(new Error(`${watch.resource}: ${detail}`))
    else this.later(() => this.socket.id === id && this.subscribe(watch))
  }

  private tell(watch: Watch | undefined, kind: LiveUpdate['kind'], { position, data }: Told): void {
    if (!watch) return
    watch.after = position
    watch.tell({ kind, position, data })
  }

  private later(run: () => unknown): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      run()
    }, RETRY_MS)
    this.timers.add(timer)
  }
}
