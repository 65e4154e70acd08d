import { setTimeout as sleep } from 'node:timers/promises'
import { type DatabaseError } from 'pg'
import { QueryFailedError, type QueryRunner } from 'typeorm'
import { LOCKS, Problem, reasonOf } from '#runtime'
import { type Connections, isAway, isLate } from './connections.js'

/** One operation at a time. */
const LOCK = `select pg_advisory_xact_lock(${LOCKS.operation})`
/**
 * A table or a lane is waited for so long in the first try, because whoever folds waits behind who waits, and twice as long in each that follows:
 * where batches take longer than the first, its turn comes nevertheless. At most for less than queries wait (2 s), and for more than Postgres takes to
 * end a vacuum that is in the way (`deadlock_timeout`, 1 s).
 */
const LOCK_MS_MIN = 250
const LOCK_MS_MAX = 1_500
/** Whoever folds goes on between two tries. */
const PAUSE_MS = 1_000
/** The server gives up first, and says so. */
const ANSWER_MS = 1_000

/** @throws Problem `unavailable` when the database is away; what it throws otherwise. */
export async function told<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!isAway(error)) throw error
    throw Problem.of('unavailable', `the database of the read models does not answer: ${reasonOf(error)}`)
  }
}

/** Longer than this no connection for operations of so many ms waits for an answer. */
export const answerMsMax = (ms_max: number): number => ms_max + ANSWER_MS

/**
 * What operators do with builds, as one transaction. What a query that takes long still reads is tried for again and again, so that folding goes on
 * meanwhile; and the server gives up, too: what nobody waits for any more must not stand in the way of those who fold.
 *
 * @param ms_max how long it may take until the last try begins, and each of its statements.
 * @throws Problem `unavailable` when something has to be waited for too long: nothing of it was done; what `work` throws.
 */
export async function operate(
  connections: Connections,
  ms_max: number,
  work: (runner: QueryRunner) => Promise<void>,
): Promise<void> {
  const end_ms = performance.now() + ms_max
  for (let lock_ms = LOCK_MS_MIN; ; lock_ms = Math.min(2 * lock_ms, LOCK_MS_MAX)) {
    const left_ms = Math.max(1, Math.ceil(end_ms - performance.now()))
    try {
      await connections.use((runner) => attempt(runner, { left_ms, lock_ms }, work))
      return
    } catch (error) {
      if (!isLate(error) && !hasCode(error, ...LOCKED, CANCELLED)) throw error
      if (!hasCode(error, ...LOCKED) || performance.now() + PAUSE_MS > end_ms)
        throw Problem.of('unavailable', 'not done in time; perhaps a build is being indexed, or read by a long export')
    }
    await sleep(PAUSE_MS)
  }
}

/** What fails ends with its connection. */
async function attempt(
  runner: QueryRunner,
  { left_ms, lock_ms }: { readonly left_ms: number; readonly lock_ms: number },
  work: (runner: QueryRunner) => Promise<void>,
): Promise<void> {
  await runner.startTransaction()
  await runner.query(`set local statement_timeout = ${left_ms}; set local client_connection_check_interval = '1s'`)
  await runner.query(LOCK)
  await runner.query(`set local lock_timeout = ${lock_ms}`)
  await work(runner)
  await runner.commitTransaction()
}

/** SQLSTATE: a lock was not had within `lock_timeout`, or each of two waited for what the other held. */
const LOCKED = ['55P03', '40P01']
/** SQLSTATE: a statement took longer than `statement_timeout`. */
const CANCELLED = '57014'

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof QueryFailedError && codes.includes((error.driverError as DatabaseError).code ?? '')
}
