import {
  type AnyAggregate,
  decideContext,
  type EventShape,
  isRejection,
  type RecordedOf,
  type Rejection,
} from '#domain-kit'
import { type AppendResult, type EventStore, type NewEvent, StoreLimitExceeded, StoreUnavailable } from '#event-store'
import { eventId } from './identity.js'
import { type Job } from './job.js'
import { emptyState, fold, type StreamState } from './stream-state.js'

/** Appends of one stream on their way to the writer. */
const IN_FLIGHT_MAX = 512
/** Commands of one stream waiting to be decided. */
const WAITING_MAX = 4_096
const ATTEMPTS_MAX = 12

/**
 * The commands of one stream, decided one after the other, each on the state that the ones before it lead to, and sent to
 * the writer without waiting for them: revision and tip in each append make the ones behind a failed one fail too. A refusal
 * decided on what is not yet committed waits until it is; nothing is ever refused for the sake of an event that never was.
 */
export class StreamChain {
  private base: StreamState
  private tip: StreamState
  private loaded = false
  private isBroken = false
  private waiting: Job[] = []
  private again: Job[] = []
  private inFlight = 0
  private wake: (() => void) | undefined
  private pumping = false

  constructor(
    private readonly store: EventStore,
    private readonly aggregate: AnyAggregate,
    private readonly stream: string,
  ) {
    this.base = emptyState(aggregate)
    this.tip = this.base
  }

  get isIdle(): boolean {
    return !this.pumping && this.inFlight === 0 && this.waiting.length === 0
  }

  submit(job: Job): void {
    if (this.waiting.length >= WAITING_MAX)
      return job.settle({
        kind: 'unavailable',
        overloaded: true,
        reason: `${WAITING_MAX} commands wait for this stream`,
      })
    this.waiting.push(job)
    if (!this.pumping) void this.pump()
  }

  private async pump(): Promise<void> {
    this.pumping = true
    // One turn of the event loop: commands that came together leave together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.waiting.length > 0 || this.inFlight > 0 || this.again.length > 0) {
      if (this.isBroken || !this.loaded) await this.recover()
      else if (this.waiting.length === 0 || this.inFlight >= IN_FLIGHT_MAX) await this.change()
      else {
        const job = this.waiting.shift()
        if (job) await this.attempt(job)
      }
    }
    this.pumping = false
  }

  /** Until an append is answered. */
  private async change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
  }

  /** Until all that was sent is answered. */
  private async settled(): Promise<void> {
    while (this.inFlight > 0) await this.change()
  }

  private async attempt(job: Job): Promise<void> {
    if (Date.now() > job.deadline_ms) {
      job.settle({ kind: 'unavailable', overloaded: false, reason: 'the event log did not answer in time' })
      return
    }
    try {
      await this.decide(job)
    } catch (error) {
      if (error instanceof StoreUnavailable) this.retry(job, error)
      else job.fail(error)
    }
  }

  private async decide(job: Job): Promise<void> {
    const { command, target, body, ifMatch, metadata } = job.request
    const found = command.lookups ? await this.lookUp(command.lookups(body as never)) : {}
    if (!found) return void this.waiting.unshift(job)
    if (ifMatch !== undefined && ifMatch !== this.tip.revision) return this.refuse(job, undefined)
    const exists = this.tip.revision >= 0n
    const context = decideContext({ target, now: new Date().toISOString(), exists, found })
    const decision = command.decide(this.tip.state, body, context)
    if (isRejection(decision)) return this.refuse(job, decision)
    if (decision.length === 0) return this.refuse(job, undefined)
    this.send(
      job,
      decision.map(({ type, data }, index) => ({
        id: eventId(this.stream, job.request.key, index),
        type,
        version: this.aggregate.version,
        data,
        metadata: { ...metadata },
      })),
    )
  }

  private send(job: Job, events: readonly NewEvent[]): void {
    const { tip } = this
    const { command, body, key, priority = 'interactive' } = job.request
    const expected = tip.revision === -1n ? ('none' as const) : tip.revision
    this.tip = events.reduce((before, event) => fold(this.aggregate, before, event), tip)
    const after = this.tip
    this.inFlight += 1
    const { stream } = this
    void this.store
      .append({
        commandId: { stream, key },
        requestHash: job.hash,
        writes: [{ stream, expected, ...(tip.lastId === undefined ? {} : { tip: tip.lastId }), events }],
        claims: command.claims(body).map(({ name }) => ({ stream, name })),
        priority,
      })
      .then(
        (result) => this.answered(job, result, after),
        (error: unknown) => {
          this.isBroken = true
          if (error instanceof StoreUnavailable) this.retry(job, error)
          else if (error instanceof StoreLimitExceeded)
            job.settle({
              kind: 'rejected',
              rejection: { kind: 'rejection', code: 'body-too-large', detail: error.message },
            })
          else job.fail(error)
        },
      )
      .finally(() => {
        this.inFlight -= 1
        this.wake?.()
      })
  }

  private answered(job: Job, result: AppendResult, after: StreamState): void {
    if (result.outcome === 'appended') {
      const { stream, revision, position } = result
      if (after.revision > this.base.revision) this.base = { ...after, position }
      return job.settle({ kind: 'accepted', place: { stream, revision, position }, replayed: false })
    }
    this.isBroken = true
    switch (result.outcome) {
      case 'replayed': {
        const { stream, revision, position } = result
        return job.settle({ kind: 'accepted', place: { stream, revision, position }, replayed: true })
      }
      case 'mismatch':
        return job.settle({ kind: 'key-reused' })
      case 'claimed':
        if (result.requestHash === job.hash)
          return job.settle({ kind: 'accepted', place: result.place, replayed: true })
        return job.settle({ kind: 'rejected', rejection: takenBy(job, result.claim.name) })
      case 'conflict':
        return this.retry(job)
    }
  }

  private retry(job: Job, failure?: StoreUnavailable): void {
    this.isBroken = true
    job.attempts += 1
    if (job.attempts < ATTEMPTS_MAX) this.again.push(job)
    else if (failure) job.settle({ kind: 'unavailable', overloaded: failure.overloaded, reason: failure.message })
    else job.settle({ kind: 'contended' })
  }

  /** Folds what others wrote, puts back what must be tried again in the order in which it came, and goes on. */
  private async recover(): Promise<void> {
    await this.settled()
    try {
      await this.refresh()
      this.loaded = true
      this.isBroken = false
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) {
        this.failAll(error)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100))
    }
    const worst = Math.max(0, ...this.again.map(({ attempts }) => attempts))
    if (worst > 1) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** Math.min(worst, 6)))
    this.waiting.unshift(...this.again.splice(0).sort((a, b) => a.ordinal - b.ordinal))
    if (this.isBroken || !this.loaded) this.dropLate()
  }

  private dropLate(): void {
    const now_ms = Date.now()
    const late = this.waiting.filter(({ deadline_ms }) => deadline_ms < now_ms)
    this.waiting = this.waiting.filter(({ deadline_ms }) => deadline_ms >= now_ms)
    for (const job of late)
      job.settle({ kind: 'unavailable', overloaded: false, reason: 'the event log did not answer in time' })
  }

  private failAll(error: unknown): void {
    for (const job of [...this.again.splice(0), ...this.waiting.splice(0)]) job.fail(error)
  }

  /** @returns whether anything was new. */
  private async refresh(): Promise<boolean> {
    let { base } = this
    for await (const event of this.store.readStream(this.stream, { from: base.revision + 1n }))
      base = fold(this.aggregate, base, event)
    const isNew = base.revision > this.base.revision
    this.base = base
    this.tip = base
    return isNew
  }

  /** The last events of the appends that took these claims; undefined when the chain broke meanwhile. */
  private async lookUp(
    names: Readonly<Record<string, string>>,
  ): Promise<Record<string, RecordedOf<EventShape> | undefined> | undefined> {
    await this.settled()
    if (this.isBroken) return undefined
    const found: Record<string, RecordedOf<EventShape> | undefined> = {}
    for (const [as, name] of Object.entries(names)) {
      const recalled = await this.store.findClaim({ stream: this.stream, name })
      if (!recalled) continue
      for await (const event of this.store.readStream(recalled.stream, { from: recalled.revision, limit: 1 }))
        found[as] = event
    }
    return found
  }

  /**
   * A refusal (undefined: `If-Match`, or nothing to do) stands only on committed events, and only when this is no retry of what was
   * accepted before.
   */
  private async refuse(job: Job, rejection: Rejection | undefined): Promise<void> {
    await this.settled()
    if (this.isBroken || (await this.refresh())) return void this.waiting.unshift(job)
    const { stream } = this
    const { command, body, key, ifMatch } = job.request
    const recalled = await this.store.recall({ stream, key })
    if (recalled && recalled.requestHash !== job.hash) {
      job.settle({ kind: 'key-reused' })
      return
    }
    if (recalled) {
      job.settle({ kind: 'accepted', place: placeOf(recalled), replayed: true })
      return
    }
    for (const { name } of command.claims(body)) {
      const taken = await this.store.findClaim({ stream, name })
      if (taken?.requestHash === job.hash) {
        job.settle({ kind: 'accepted', place: placeOf(taken), replayed: true })
        return
      }
    }
    if (rejection) {
      job.settle({ kind: 'rejected', rejection })
      return
    }
    const { revision, position } = this.base
    if (ifMatch !== undefined && ifMatch !== revision) {
      job.settle({ kind: 'revision-mismatch', revision })
      return
    }
    job.settle({ kind: 'accepted', place: { stream, revision, position }, replayed: false })
  }
}

function placeOf({ stream, revision, position }: { stream: string; revision: bigint; position: bigint }): {
  stream: string
  revision: bigint
  position: bigint
} {
  return { stream, revision, position }
}

function takenBy({ request }: Job, name: string): Rejection {
  const claim = request.command.claims(request.body).find((each) => each.name === name)
  return {
    kind: 'rejection',
    code: claim?.taken ?? 'claimed',
    detail: `"${name.slice(name.indexOf('/') + 1)}" was used before in "${request.target}", with another content`,
  }
}
