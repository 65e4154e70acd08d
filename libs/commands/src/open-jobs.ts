import { type Job } from './job.js'
import { fail, giveUp, overloaded, tooLate } from './last-word.js'
import { backOff } from './turns.js'

/** Commands of one stream waiting to be decided. */
const WAITING_MAX = 4_096
const ATTEMPTS_MAX = 12

/** The commands of one stream that are not on their way to the writer, in the order in which they came. */
export class OpenJobs {
  private waiting: Job[] = []
  /** An attempt of them failed. */
  private again: Job[] = []
  /** Taken, and waiting for the store before it is decided or refused. */
  private inHand: Job | undefined

  /** Commands that wait to be decided. */
  get waitingCount(): number {
    return this.waiting.length
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.again.length === 0
  }

  add(job: Job): void {
    if (this.waiting.length >= WAITING_MAX) job.settle(overloaded(`${WAITING_MAX} commands wait for this stream`))
    else this.waiting.push(job)
  }

  take(): Job | undefined {
    return this.waiting.shift()
  }

  /** What is done with a command that was taken takes so long. @throws what is thrown there, unless its time is over by then. */
  async hold(job: Job, pending: Promise<void>): Promise<void> {
    this.inHand = job
    try {
      await pending
    } catch (error) {
      if (this.isInHand(job)) throw error
    } finally {
      this.inHand = undefined
    }
  }

  /** False: its time is over, and its sender told so. */
  isInHand(job: Job): boolean {
    return this.inHand === job
  }

  /** What is in hand is decided anew, before all others. */
  putBack(job: Job): void {
    if (this.isInHand(job)) this.waiting.unshift(job)
  }

  /** An attempt of it failed: {@link resume} puts it back. */
  failed(job: Job): void {
    this.again.push(job)
  }

  /**
   * What was sent behind an append that failed could not but fail, whatever the store said of it: only the first one in order has
   * lost an attempt. In which order they were answered says nothing.
   */
  charge(): void {
    const [first] = this.again.sort((a, b) => a.ordinal - b.ordinal)
    if (!first) return
    first.attempts += 1
    if (first.attempts < ATTEMPTS_MAX) return
    this.again.shift()
    giveUp(first)
  }

  /** Puts back what must be tried again, after a while. */
  async resume(): Promise<void> {
    await backOff(this.again)
    this.waiting.unshift(...this.again.splice(0))
  }

  /** Answers those whose time is over. */
  dropLate(now_ms: number): void {
    const isLate = ({ deadline_ms }: Job): boolean => deadline_ms < now_ms
    const late = [...(this.inHand ? [this.inHand] : []), ...this.again, ...this.waiting].filter(isLate)
    if (late.length === 0) return
    for (const job of late) tooLate(job)
    this.again = this.again.filter((job) => !isLate(job))
    this.waiting = this.waiting.filter((job) => !isLate(job))
    if (this.inHand && isLate(this.inHand)) this.inHand = undefined
  }

  /** For a bug. */
  failAll(error: unknown): void {
    for (const job of [...this.again.splice(0), ...this.waiting.splice(0)]) fail(job, error)
  }
}
