import { streamOf } from '#domain-kit'
import { type EventStore } from '#event-store'
import { requestHash, requestText } from './identity.js'
import { type CommandRequest, type Job } from './job.js'
import { overloaded } from './last-word.js'
import { type CommandOutcome } from './outcome.js'
import { type Snapshots } from './snapshots/snapshots.js'
import { StreamChain } from './stream-chain.js'

export interface CommandHandlerOptions {
  readonly store: EventStore
  /** Without it every stream that is not in memory is folded from its first event. */
  readonly snapshots?: Snapshots
  /**
   * Hot streams kept in memory. Default 1,000; one with work in hand is never dropped, so that while more have some `commands_max` is
   * the bound.
   */
  readonly streams_max?: number
  /**
   * How long a command may take before the answer is that nobody knows. Default 10,000, and a quarter of a second at most beyond it; an
   * append that is on its way to the store then is waited for, as long as the store takes.
   */
  readonly timeout_ms?: number
  /**
   * Commands in hand at one time, whichever streams they are for. Default 16,384; beyond them, or three quarters of them for what is
   * sent in bulk, the answer is `overloaded` at once.
   */
  readonly commands_max?: number
  /** The same for their requests together, in characters of JSON. Default 64 Mi; one alone is taken however large it is. */
  readonly chars_max?: number
}

/** What programs send in bulk is taken up to this share of the bounds: the rest is for people, who wait. */
const BULK_SHARE = 0.75

/** Commands whose time is over are looked for so often. */
const LATE_MS = 250

/** Streams that are looked at to drop one: some may be in use, and a look at all of them would hold up every command. */
const LOOKS_MAX = 8

/** Load, decide, append, respond: the one way in which commands become events (after Emmett's handleCommand). */
export class CommandHandler {
  private readonly chains = new Map<string, StreamChain>()
  /** Goes round. */
  private hand = this.chains.entries()
  /** Came in this turn of the event loop. */
  private arrived: Job[] = []
  private ordinal = 0
  /** Of the commands in hand. */
  private count = 0
  private chars = 0
  /** While there are commands in hand. */
  private looking: NodeJS.Timeout | undefined
  private readonly streams_max: number
  private readonly timeout_ms: number
  private readonly commands_max: number
  private readonly chars_max: number

  constructor(private readonly options: CommandHandlerOptions) {
    this.streams_max = options.streams_max ?? 1_000
    this.timeout_ms = options.timeout_ms ?? 10_000
    this.commands_max = options.commands_max ?? 16_384
    this.chars_max = options.chars_max ?? 64 * 1024 * 1024
  }

  /** Streams in memory. */
  get size(): number {
    return this.chains.size
  }

  /** @throws only for a bug: in `decide`, in `evolve`, or of the store. */
  async execute(request: CommandRequest): Promise<CommandOutcome> {
    const share = request.priority === 'bulk' ? BULK_SHARE : 1
    if (this.count >= this.commands_max * share) return overloaded(`${this.count} commands are under way here`)
    const text = requestText(request.name, request.target, request.body)
    const { length } = text
    if (this.count > 0 && this.chars + length > this.chars_max * share)
      return overloaded(`commands of ${this.chars} characters are under way here`)
    this.count += 1
    this.chars += length
    try {
      return await this.settled(request, requestHash(text))
    } finally {
      this.count -= 1
      this.chars -= length
    }
  }

  private settled(request: CommandRequest, hash: string): Promise<CommandOutcome> {
    return new Promise<CommandOutcome>((settle, fail) => {
      this.ordinal += 1
      const job: Job = {
        request,
        hash,
        ordinal: this.ordinal,
        deadline_ms: performance.now() + this.timeout_ms,
        attempts: 0,
        unansweredAt: undefined,
        isFresh: false,
        failure: undefined,
        settle,
        fail,
      }
      this.arrived.push(job)
      if (this.arrived.length === 1) setImmediate(() => this.submitArrived())
    })
  }

  /** What came in one turn is decided together: one after the other, the same code costs half of what it does between requests. */
  private submitArrived(): void {
    const { arrived } = this
    this.arrived = []
    this.looking ??= setInterval(() => this.lookForLate(), LATE_MS).unref()
    for (const job of arrived) {
      this.chainOf(job.request).submit(job)
      this.evict()
    }
  }

  /** Here, and not by each chain: what a chain waits for may be silent for longer than a command may take. */
  private lookForLate(): void {
    const now_ms = performance.now()
    for (const chain of this.chains.values()) chain.dropLate(now_ms)
    if (this.count > 0) return
    clearInterval(this.looking)
    this.looking = undefined
  }

  private chainOf({ command, target }: CommandRequest): StreamChain {
    const stream = streamOf(command.aggregate.name, target)
    const known = this.chains.get(stream)
    if (known) {
      known.isRecent = true
      return known
    }
    const chain = new StreamChain(this.options.store, command.aggregate, stream, this.options.snapshots)
    this.chains.set(stream, chain)
    return chain
  }

  /**
   * While there are too many, drops those that are not in use and were not asked for since the hand passed them last (the clock of page
   * replacement: nothing moves when a stream is asked for, as it would in order of use). However many are in use, it takes a few steps.
   */
  private evict(): void {
    for (let looks = 0; looks < LOOKS_MAX && this.chains.size > this.streams_max; looks += 1) {
      const next = this.hand.next()
      if (next.done) {
        this.hand = this.chains.entries()
        continue
      }
      const [stream, chain] = next.value
      if (chain.isIdle && !chain.isRecent) this.chains.delete(stream)
      else chain.isRecent = false
    }
  }
}
