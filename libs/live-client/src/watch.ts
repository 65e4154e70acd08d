import { type Answer, type Subscribe, type Told } from './wire.js'

/** What the application is told of a resource. */
export interface LiveUpdate<T = unknown> {
  /** The data reflects the log up to here. It grows from update to update, but for a `reset`. */
  readonly position: string
  readonly data: T
  /**
   * `snapshot`: what GET answers at this position, the first thing that is told. `change`: of a document its new state (null
   * when it is gone), of a list `{ items }`, each new item once. `reset`: begin anew with this state; what came before cannot
   * be continued.
   */
  readonly kind: 'snapshot' | 'change' | 'reset'
}

export interface WatchOptions {
  /** The state shown first is at least as new: the position that a command answered. */
  readonly minPosition?: string
  /** Go on from here: the position of the last update that an earlier watch told. No snapshot comes then. */
  readonly after?: string
  /** Told once, when the resource cannot be watched; default: as for the connection. */
  readonly onError?: (error: Error) => void
}

/** One watched resource, through any number of connections: what to ask for, and what of the answers is new. */
export class Watch {
  /** Of the last update that the application was told. */
  private position: string | undefined
  private isStopped = false

  constructor(
    readonly resource: string,
    private readonly onChange: (update: LiveUpdate) => void,
    readonly options: WatchOptions,
  ) {
    this.position = options.after
  }

  get stopped(): boolean {
    return this.isStopped
  }

  /** From now on the application is told nothing. */
  stop(): void {
    this.isStopped = true
  }

  /** What to ask for on a new connection. */
  request(): Subscribe {
    const { resource, position } = this
    if (position !== undefined) return { resource, after: position }
    const { minPosition } = this.options
    return minPosition === undefined ? { resource } : { resource, minPosition }
  }

  answered(answer: Extract<Answer, { ok: true }>): void {
    if (answer.changes) for (const each of answer.changes) this.changed(each)
    else this.tell('snapshot', { position: answer.position, data: answer.data })
  }

  /** Positions of one subscription only grow: what does not go beyond the last is known. */
  changed(message: Told): void {
    if (this.position !== undefined && BigInt(message.position) <= BigInt(this.position)) return
    this.tell('change', message)
  }

  reset(message: Told): void {
    this.tell('reset', message)
  }

  private tell(kind: LiveUpdate['kind'], { position, data }: Told): void {
    if (this.isStopped) return
    this.position = position
    outside(() => this.onChange({ position, data, kind }))
  }
}

/** Runs what is the application's. Its errors are its own: they end nothing here, and are thrown where it sees them. */
export function outside(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
