import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { type LogAdmin } from './log-admin.js'

/** How long one attempt may hold up whoever else changes partitions: the writer, once in millions of events. */
const LOCK_MS_MAX = 2_000
const PAUSE_MS = 500
const LOCK_NOT_AVAILABLE = '55P03'

/** In: table. Out: whether it is a partition of the log, and whether its detaching has begun and not ended. Locks nothing. */
const STATE_SQL = `
select inhdetachpending as pending from pg_inherits
where inhparent = 'log.events'::regclass and inhrelid = to_regclass('log.' || $1)`

/** Whether a call of {@link detach} was interrupted for this table: nobody sees it in the log any more. */
export async function isDetaching(log: LogAdmin, table: string): Promise<boolean> {
  return (await log.query<{ pending: boolean }>(STATE_SQL, [table]))[0]?.pending === true
}

/**
 * Takes a partition out of the log while others read and write it: PostgreSQL does that in two transactions and waits between
 * them, holding nothing that a reader or a commit wants, until all who may have seen the partition are done. Waits in short
 * turns, so that the writer can make a partition meanwhile. What an interrupted call began, the next one ends.
 *
 * @throws Error when somebody's transaction stays open for `patience_ms`.
 */
export async function detach(log: LogAdmin, table: string, patience_ms: number): Promise<void> {
  const deadline_ms = performance.now() + patience_ms
  await log.query(`set lock_timeout = ${LOCK_MS_MAX}`, [])
  try {
    for (;;) {
      const [state] = await log.query<{ pending: boolean }>(STATE_SQL, [table])
      if (!state) return
      try {
        await log.query(
          `alter table log.events detach partition log.${table} ${state.pending ? 'finalize' : 'concurrently'}`,
          [],
        )
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error
        if (performance.now() >= deadline_ms)
          throw new Error(
            `${table} cannot leave the log while a transaction that may read it is open: try again later`,
            {
              cause: error,
            },
          )
        await sleep(PAUSE_MS)
      }
    }
  } finally {
    await log.query('reset lock_timeout', [])
  }
}
