import pg from 'pg'
import { LOCKS, withClient } from '#runtime'
import { type Queries } from './archives.js'

/** One connection for work on the log's partitions that nobody waits for. */
export interface LogAdmin extends Queries {
  /** All statements in one transaction, each with these values. */
  transaction(statements: readonly string[], values?: readonly unknown[]): Promise<void>
  readonly client: pg.Client
}

/**
 * @throws Error when the log cannot be reached, has a schema older than archives, or somebody else is archiving; and whatever
 * `use` throws.
 */
export async function withLogAdmin<T>(url: string, use: (log: LogAdmin) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'headwater log archive',
  })
  const query = async <R extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<R[]> =>
    (await client.query<R>(sql, [...values])).rows
  return withClient(client, async () => {
    const [lock] = await query<{ is_mine: boolean; has_archives: boolean }>(
      "select pg_try_advisory_lock($1) as is_mine, to_regclass('log.archives') is not null as has_archives",
      [LOCKS.archiving],
    )
    if (!lock?.has_archives)
      throw new Error('this log knows no archives yet: start this version of Headwater on it first')
    if (!lock.is_mine) throw new Error('somebody else is archiving or restoring: try again when that is done')
    return use({
      client,
      query,
      transaction: async (statements, values = []) => {
        await query('begin', [])
        for (const each of statements) await query(each, values)
        await query('commit', [])
      },
    })
  })
}
