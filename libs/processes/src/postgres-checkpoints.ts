import pg from 'pg'
import { Leadership } from '#leadership'
import { goodbye, type Logger, reasonOf } from '#runtime'
import { type Checkpoints, StaleTerm } from './checkpoints.js'

/** In: process. Out: its row, if it ever ran. Locks nothing. */
const LOAD_SQL = 'select position from headwater.process_checkpoints where process = $1'

/**
 * In: lease, epoch, process, position. Out: a row while that epoch leads; a position never goes back. Locks the lease (key
 * share, which a renewal does not mind) and the process's row.
 */
const SAVE_SQL = `
with term as materialized (select 1 from headwater.leases where name = $1 and epoch = $2 for key share)
insert into headwater.process_checkpoints as c (process, position, epoch)
select $3, $4::bigint, $2::bigint from term
on conflict (process) do update set position = greatest(c.position, excluded.position), epoch = excluded.epoch
returning 1`

export interface PostgresCheckpointsOptions {
  readonly url: string
  readonly lease: { readonly name: string; readonly epoch: bigint }
  readonly logger: Logger
}

/** Checkpoints in the read models' primary, each write fenced by the owner's epoch. One connection, made anew when it breaks. */
export function postgresCheckpoints({ url, lease, logger }: PostgresCheckpointsOptions): Checkpoints {
  let connecting: Promise<pg.Client> | undefined
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: Leadership.connectionName(lease.name, lease.epoch),
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
    })
    client.on('error', (error) => {
      logger.warn({ reason: reasonOf(error) }, 'the connection for checkpoints broke')
      connecting = undefined
    })
    await client.connect()
    return client
  }
  type Result = pg.QueryResult<{ position: string }>
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other: a connection takes one query at a time. */
  const query = async (sql: string, values: readonly unknown[]): Promise<Result> => {
    const mine = last.then(() => run(sql, values))
    last = mine.catch(() => undefined)
    return mine
  }
  const run = async (sql: string, values: readonly unknown[]): Promise<Result> => {
    connecting ??= connect()
    const mine = connecting
    try {
      return await (await mine).query(sql, [...values])
    } catch (error) {
      if (connecting === mine) connecting = undefined
      void mine.then(goodbye).catch(() => undefined)
      throw error
    }
  }
  return {
    load: async (process) => {
      const { rows } = await query(LOAD_SQL, [process])
      return rows[0] ? BigInt(rows[0].position) : undefined
    },
    save: async (process, position) => {
      const { rowCount } = await query(SAVE_SQL, [lease.name, lease.epoch, process, position])
      if (rowCount === 0) throw new StaleTerm(lease.epoch)
    },
    close: async () => {
      await connecting?.then(goodbye).catch(() => undefined)
    },
  }
}
