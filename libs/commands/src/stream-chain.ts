import { randomUUID } from 'node:crypto'
import { type AnyAggregate, decideContext, isRejection, type Rejection } from '#domain-kit'
import {
  type AppendRequest,
  type AppendResult,
  type EventStore,
  type NewEvent,
  StoreLimitExceeded,
  StoreUnavailable,
} from '#event-store'
import { isoNow } from './clock.js'
import { CommittedStream } from './committed-stream.js'
import { earlierOutcome, type Found, lookUp, replayed, takenBy } from './earlier.js'
import { type Job } from './job.js'
import { deny, fail, overloaded, tooLate } from './last-word.js'
import { OpenJobs } from './open-jobs.js'
import { type CommandOutcome } from './outcome.js'
import { type Snapshots } from './snapshots/snapshots.js'
import { fold, type StreamState } from './stream-state.js'
import { TURN_MAX, Turns } from './turns.js'

/** Appends of one stream on their way to the writer. */
const IN_FLIGHT_MAX = 1_024

/**
 * The commands of one stream, decided one after the other, each on the state that the ones before it lead to, and sent to
 * the writer without waiting for them: revision and tip in each append make the ones behind a failed one fail too, and behind one whose
 * key was taken already. A refusal decided on what is not yet committed waits until it is; nothing is ever refused, or accepted, for the
 * sake of an event that never was.
 */
export class StreamChain {
  /** Asked for since whoever keeps it looked last. */
  isRecent = false
  private readonly committed: CommittedStream
  /** Upon what the next command is decided: what is committed and what is on its way. */
  private tip: StreamState
  /** Something was not appended as decided, or is not loaded yet: {@link recover} comes first. */
  private isBroken = true
  private readonly jobs = new OpenJobs()
  private inFlight = 0
  private wake: (() => void) | undefined
  private pumping = false
  private readonly turns = new Turns()

  constructor(
    private readonly store: EventStore,
    private readonly aggregate: AnyAggregate,
    private readonly stream: string,
    snapshots: Snapshots | undefined,
  ) {
    this.committed = new CommittedStream(store, aggregate, stream, snapshots)
    this.tip = this.committed.state
  }

  get isIdle(): boolean {
    return !this.pumping && this.inFlight === 0 && this.jobs.isEmpty
  }

  submit(job: Job): void {
    this.jobs.add(job)
    if (this.pumping) this.wake?.()
    else void this.pump()
  }

  /** Answers those whose time is over, but for those whose append is on its way: nobody knows of these before it is answered. */
  dropLate(now_ms: number): void {
    this.jobs.dropLate(now_ms)
  }

  private async pump(): Promise<void> {
    this.pumping = true
    while (!this.jobs.isEmpty || this.inFlight > 0) {
      if (this.isBroken) await this.recover()
      else if (this.jobs.waitingCount === 0 || this.inFlight >= IN_FLIGHT_MAX) await this.change()
      else if (this.turns.areTaken) await this.takeTurn()
      else {
        const pending = this.attemptNext()
        if (pending) await pending
      }
    }
    this.pumping = false
  }

  /** Most commands need nothing but the state: not one promise is spent on them here. */
  private attemptNext(): Promise<void> | undefined {
    const job = this.jobs.take()
    return job && this.attempt(job)
  }

  /** Where others append too: what waits is sent at once, and then nothing for a while. */
  private async takeTurn(): Promise<void> {
    await this.settled()
    const begin_ms = performance.now()
    for (let left = Math.min(this.jobs.waitingCount, TURN_MAX); left > 0 && !this.isBroken; left -= 1) {
      const pending = this.attemptNext()
      if (pending) await pending
    }
    await this.settled()
    if (!this.isBroken) await this.turns.pause(performance.now() - begin_ms)
  }

  /** Until an append is answered, or a command comes. */
  private async change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
  }

  /** Until all that was sent is answered. */
  private async settled(): Promise<void> {
    while (this.inFlight > 0) await this.change()
  }

  /** @returns what must be waited for before the next one, if anything. */
  private attempt(job: Job): Promise<void> | undefined {
    if (performance.now() > job.deadline_ms) {
      tooLate(job)
      return undefined
    }
    const { command, body } = job.request
    try {
      // What is on its way stands upon what was known then; with nothing on its way the next one may know more.
      if (this.inFlight === 0 && this.committed.hear()) this.tip = this.committed.state
      const pending = command.lookups ? this.lookUp(job, command.lookups(body as never)) : this.decide(job, {})
      return pending && this.jobs.hold(job, pending).catch((error: unknown) => this.undecided(job, error))
    } catch (error) {
      this.undecided(job, error)
      return undefined
    }
  }

  private undecided(job: Job, error: unknown): void {
    if (error instanceof StoreUnavailable) this.unavailable(job, error)
    else fail(job, error)
  }

  /** @returns what a refusal waits for, if it is one. */
  private decide(job: Job, found: Found): Promise<void> | undefined {
    const { command, target, body, ifMatch, metadata } = job.request
    if (ifMatch !== undefined && ifMatch !== this.tip.revision) return this.refuse(job, undefined)
    const exists = this.tip.revision >= 0n
    const context = decideContext({ target, now: isoNow(), exists, found })
    const decision = command.decide(this.tip.state, body, context)
    if (isRejection(decision)) return this.refuse(job, decision)
    if (decision.length === 0) return this.refuse(job, undefined)
    this.send(
      job,
      decision.map(({ type, data }) => ({
        // Of this decision alone: whatever is decided upon it fails where the log has what another one came to under the same key.
        id: randomUUID(),
        type,
        version: this.aggregate.version,
        data,
        metadata: { ...metadata },
      })),
    )
    return undefined
  }

  private send(job: Job, events: readonly NewEvent[]): void {
    const { tip, stream } = this
    const { command, body, key, priority = 'interactive' } = job.request
    const expected = tip.revision === -1n ? ('none' as const) : tip.revision
    const claims = command.claims(body).map(({ name }) => ({ stream, name }))
    this.tip = events.reduce((before, event) => fold(this.aggregate, before, event), tip)
    void this.deliver(job, tip, this.tip, {
      commandId: { stream, key },
      requestHash: job.hash,
      writes: [{ stream, expected, ...(tip.lastId === undefined ? {} : { tip: tip.lastId }), events }],
      claims,
      needsTail: this.inFlight === 0,
      priority,
    })
  }

  private async deliver(job: Job, before: StreamState, after: StreamState, request: AppendRequest): Promise<void> {
    this.inFlight += 1
    try {
      this.answered(job, await this.store.append(request), before, after)
    } catch (error) {
      this.failed(job, error, before)
    }
    this.inFlight -= 1
    this.wake?.()
  }

  private failed(job: Job, error: unknown, before: StreamState): void {
    this.isBroken = true
    if (error instanceof StoreUnavailable) {
      if (!error.overloaded) unanswered(job, before.revision)
      return this.unavailable(job, error)
    }
    if (error instanceof StoreLimitExceeded) {
      const { limit, actual, allowed } = error
      return deny(job, { kind: 'beyond-limit', limit, actual, allowed })
    }
    this.committed.doubt()
    fail(job, error)
  }

  private answered(job: Job, result: AppendResult, before: StreamState, after: StreamState): void {
    if (result.outcome === 'appended') {
      const { stream, revision, position, isContended } = result
      if (isContended) this.turns.noticed()
      this.committed.appended(after, position)
      return job.settle({ kind: 'accepted', place: { stream, revision, position }, replayed: false })
    }
    this.isBroken = true
    switch (result.outcome) {
      case 'replayed':
        return job.settle(replayed(result))
      case 'mismatch':
        return job.settle({ kind: 'key-reused' })
      case 'claimed':
        if (result.requestHash === job.hash) return job.settle(replayed(result.place))
        return job.settle({ kind: 'rejected', rejection: takenBy(job, result.claim.name) })
      case 'conflict':
        // Where the stream has not come so far, one of our own before it came to nothing.
        if (result.revision >= before.revision) this.turns.noticed()
        this.committed.conflicted(result.revision, result.tail)
        job.failure = { kind: 'contended' }
        return this.jobs.failed(job)
    }
  }

  /**
   * The store did not answer: what was sent happened or not. Or it is at its bound, and took nothing: to read, or to send again what
   * it just refused, would keep it there, and the sender is told when to come back.
   */
  private unavailable(job: Job, error: StoreUnavailable): void {
    if (error.overloaded) return job.settle(overloaded(error.message))
    this.isBroken = true
    this.committed.doubt()
    job.failure = { kind: 'unavailable', overloaded: false, reason: error.message }
    this.jobs.failed(job)
  }

  /** Goes back to what is committed, puts back what must be tried again in the order in which it came, and goes on. */
  private async recover(): Promise<void> {
    await this.settled()
    this.jobs.charge()
    try {
      if (this.committed.mustRead) await this.committed.refresh()
      this.tip = this.committed.state
      this.isBroken = false
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) {
        this.jobs.failAll(error)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100))
    }
    await this.jobs.resume()
  }

  /** Reads what is committed now, for one that is about to be refused. @returns whether anything was new. */
  private async refreshFor(job: Job): Promise<boolean> {
    const isNew = await this.committed.refresh()
    this.tip = this.committed.state
    job.isFresh = true
    return isNew
  }

  /** Decides upon what was looked up, unless the chain broke meanwhile. */
  private async lookUp(job: Job, names: Readonly<Record<string, string>>): Promise<void> {
    await this.settled()
    const found = this.isBroken ? undefined : await lookUp(this.store, this.stream, names, this.tip.revision)
    if (!found) this.jobs.putBack(job)
    else if (this.jobs.isInHand(job)) await this.decide(job, found)
  }

  /**
   * A refusal (undefined: `If-Match`, or nothing to do) stands only on committed events, as they were at some moment since the command
   * came, and only when this is no retry of what was accepted before. Whether anything was appended after that moment does not matter:
   * to wait until nothing is would be to wait for ever where others always do.
   */
  private async refuse(job: Job, rejection: Rejection | undefined): Promise<void> {
    await this.settled()
    if (this.isBroken || (!job.isFresh && (await this.refreshFor(job)))) {
      this.jobs.putBack(job)
      return
    }
    const earlier = await earlierOutcome(this.store, this.stream, job)
    if (earlier) job.settle(earlier)
    else deny(job, this.refusal(job, rejection), this.committed.state.revision)
  }

  private refusal({ request: { ifMatch } }: Job, rejection: Rejection | undefined): CommandOutcome {
    const { stream } = this
    const { revision, position } = this.committed.state
    if (rejection) return { kind: 'rejected', rejection }
    if (ifMatch !== undefined && ifMatch !== revision) return { kind: 'revision-mismatch', revision }
    return { kind: 'accepted', place: { stream, revision, position }, replayed: false }
  }
}

function unanswered(job: Job, revision: bigint): void {
  if (job.unansweredAt === undefined || job.unansweredAt < revision) job.unansweredAt = revision
  job.isFresh = false
}
