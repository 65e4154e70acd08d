import { streamOf } from '#domain-kit'
import { type EventStore, EventsArchived } from '#event-store'
import { requestHash } from './identity.js'
import { type CommandRequest, type Job } from './job.js'
import { type CommandOutcome } from './outcome.js'
import { type Snapshots } from './snapshots/snapshots.js'
import { StreamChain } from './stream-chain.js'

export interface CommandHandlerOptions {
  readonly store: EventStore
  /** Without it every stream that is not in memory is folded from its first event. */
  readonly snapshots?: Snapshots
  /** Hot streams kept in memory. Default 1,000; a stream with work in hand is never dropped. */
  readonly streams_max?: number
  /** How long a command may take before the answer is that nobody knows. Default 10,000. */
  readonly timeout_ms?: number
}

/** Load, decide, append, respond: the one way in which commands become events (after Emmett's handleCommand). */
export class CommandHandler {
  private readonly chains = new Map<string, StreamChain>()
  /** Came in this turn of the event loop. */
  private arrived: Job[] = []
  private ordinal = 0
  private readonly streams_max: number
  private readonly timeout_ms: number

  constructor(private readonly options: CommandHandlerOptions) {
    this.streams_max = options.streams_max ?? 1_000
    this.timeout_ms = options.timeout_ms ?? 10_000
  }

  /** Streams in memory. */
  get size(): number {
    return this.chains.size
  }

  /** @throws only for a bug: in `decide`, in `evolve`, or of the store. */
  execute(request: CommandRequest): Promise<CommandOutcome> {
    return new Promise<CommandOutcome>((settle, reject) => {
      const hash = requestHash(request.name, request.target, request.body)
      this.ordinal += 1
      const job: Job = {
        request,
        hash,
        ordinal: this.ordinal,
        deadline_ms: Date.now() + this.timeout_ms,
        attempts: 0,
        isUncertain: false,
        failure: undefined,
        settle,
        fail: (error) => {
          if (error instanceof EventsArchived) settle({ kind: 'archived', reason: error.message })
          else reject(error instanceof Error ? error : new Error(String(error)))
        },
      }
      this.arrived.push(job)
      if (this.arrived.length === 1) setImmediate(() => this.submitArrived())
    })
  }

  /** What came in one turn is decided together: one after the other, the same code costs half of what it does between requests. */
  private submitArrived(): void {
    const { arrived } = this
    this.arrived = []
    for (const job of arrived) this.chainOf(job.request).submit(job)
  }

  private chainOf({ command, target }: CommandRequest): StreamChain {
    const stream = streamOf(command.aggregate.name, target)
    const known = this.chains.get(stream)
    if (known) {
      known.isRecent = true
      return known
    }
    if (this.chains.size >= this.streams_max) this.evict()
    const chain = new StreamChain(this.options.store, command.aggregate, stream, this.options.snapshots)
    this.chains.set(stream, chain)
    return chain
  }

  /**
   * Makes room for one: drops the first, in the order in which they came, that was not asked for since it was passed over last (the
   * second chance of page replacement: nothing moves when a stream is asked for, as it would in order of use).
   */
  private evict(): void {
    let left = this.chains.size * 2
    for (const [stream, chain] of this.chains) {
      if (chain.isIdle && !chain.isRecent) {
        this.chains.delete(stream)
        if (this.chains.size < this.streams_max) return
      } else {
        chain.isRecent = false
        // Behind the others, where this loop comes to it once more.
        this.chains.delete(stream)
        this.chains.set(stream, chain)
      }
      left -= 1
      if (left === 0) return
    }
  }
}
