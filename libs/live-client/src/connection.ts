import { io, type Socket } from 'socket.io-client'
import { type LiveProblem, problemIn } from './live-error.js'
import { type Answer, type Ended, type Subscribe, type Told } from './wire.js'

/** How long a server may take to let us in, and to answer. It waits two seconds at most for what is not fresh enough. */
const TIMEOUT_MS = 15_000

export interface ConnectionEvents {
  readonly onOpen: () => void
  /** It is over, or never came about. @param problem why the server did not let us in, if it said so. */
  readonly onClosed: (problem: LiveProblem | undefined) => void
  readonly onTold: (kind: 'change' | 'reset', subscription: string, message: Told) => void
  /** The server cannot keep a subscription. */
  readonly onEnded: (subscription: string, problem: LiveProblem) => void
  readonly onClosing: (message: unknown) => void
}

/** One socket from its opening to its end. It is not used again: what comes late from it reaches nobody. */
export class Connection {
  private readonly socket: Socket
  private isOver = false

  constructor(url: string, token: string, transports: readonly string[], events: ConnectionEvents) {
    this.socket = io(`${url.replace(/\/+$/, '')}/live`, {
      auth: { token, ended: true },
      transports: [...transports],
      reconnection: false,
      forceNew: true,
      timeout: TIMEOUT_MS,
    })
    const over = (problem?: LiveProblem): void => {
      if (this.isOver) return
      this.close()
      events.onClosed(problem)
    }
    this.socket.on('connect', () => events.onOpen())
    this.socket.on('disconnect', () => over())
    this.socket.on('connect_error', (error) => over(problemIn((error as Error & { data?: unknown }).data)))
    for (const kind of ['change', 'reset'] as const)
      this.socket.on(kind, ({ subscription, position, data }: Told & { readonly subscription: string }) =>
        events.onTold(kind, subscription, { position, data }),
      )
    this.socket.on('ended', ({ subscription, problem }: Ended) => events.onEnded(subscription, problem))
    this.socket.on('closing', (message: unknown) => events.onClosing(message))
  }

  /** @param answered never called when the connection ends first, nor when there is no answer: then it ends. */
  subscribe(request: Subscribe, answered: (answer: Answer) => void): void {
    this.socket.timeout(TIMEOUT_MS).emit('subscribe', request, (error: Error | null, answer: Answer) => {
      if (this.isOver) return
      if (error) this.socket.disconnect()
      else answered(answer)
    })
  }

  unsubscribe(subscription: string): void {
    this.socket.emit('unsubscribe', { subscription })
  }

  /** Ends it without a word to anybody. */
  close(): void {
    this.isOver = true
    this.socket.removeAllListeners()
    this.socket.disconnect()
  }
}
