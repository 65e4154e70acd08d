import { EventVersionError } from '#domain-kit'
import { EventsArchived } from '#event-store'
import { type Job } from './job.js'
import { type CommandOutcome } from './outcome.js'

/** Nobody may be told that nothing was appended while an append may still be on its way. */
const UNCERTAIN: CommandOutcome = {
  kind: 'unavailable',
  overloaded: false,
  reason: 'an earlier attempt was never answered, and may happen yet',
}

const LATE: CommandOutcome = {
  kind: 'unavailable',
  overloaded: false,
  reason: 'the event log did not answer in time',
}

/** Something is at its bound: nothing was sent, or nothing of it taken. */
export function overloaded(reason: string): CommandOutcome {
  return { kind: 'unavailable', overloaded: true, reason }
}

/**
 * Says that nothing was appended, if that is known: an attempt that was never answered has happened or may happen yet, unless the
 * stream was beyond what it stands upon (at `through`), and the log did not know the command then. -1n: nobody has asked.
 */
export function deny(job: Job, outcome: CommandOutcome, through = -1n): void {
  const { unansweredAt } = job
  job.settle(unansweredAt !== undefined && through <= unansweredAt ? UNCERTAIN : outcome)
}

/** No further attempt: says how the last one failed. */
export function giveUp(job: Job): void {
  const { failure = LATE } = job
  if (failure.kind === 'contended') deny(job, failure)
  else job.settle(failure)
}

/** For one whose time is over. */
export function tooLate(job: Job): void {
  if (job.failure?.kind === 'contended') giveUp(job)
  else job.settle(LATE)
}

/** A log that newer code has written to is no bug: an instance of that code will take the same command. */
export function fail(job: Job, error: unknown): void {
  if (error instanceof EventVersionError) job.settle({ kind: 'unavailable', overloaded: false, reason: error.message })
  else if (error instanceof EventsArchived) deny(job, { kind: 'archived', reason: error.message })
  else job.fail(error instanceof Error ? error : new Error(String(error)))
}
