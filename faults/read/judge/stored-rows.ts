import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { fromSql, type ReadTable, type StoredRow } from '#read-models'
import { eventually } from '#testing'

const CATCH_UP_MS_MAX = 60_000
const LOOK_MS = 100

/** How far everything is folded that is folded at all; null before anything is. */
const FOLDED_SQL = `
select least((select min(position) from headwater.lanes),
  (select min(position) from headwater.members where position is not null)) as position`

/** One database with read models, read by SQL of our own. */
export class StoredRows {
  private constructor(private readonly client: pg.Client) {}

  /** Waits until it reflects the log up to a position. @throws Error when it does not come so far in a minute. */
  static async at(url: string, position: bigint): Promise<StoredRows> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    await client.connect()
    const isThere = async (): Promise<boolean> => {
      const { rows } = await client.query<{ position: string | null }>(FOLDED_SQL)
      const isReached = BigInt(rows[0]?.position ?? '-1') >= position
      if (!isReached) await sleep(LOOK_MS)
      return isReached
    }
    try {
      await eventually(`the read models are at ${position}`, isThere, { timeout_ms: CATCH_UP_MS_MAX })
      return new StoredRows(client)
    } catch (error) {
      await client.end()
      throw error
    }
  }

  async of(table: ReadTable): Promise<readonly StoredRow[]> {
    const { rows } = await this.client.query<Record<string, unknown>>(`select * from ${table.sql}`)
    return rows.map((each) => fromSql(table.columns, each))
  }

  async close(): Promise<void> {
    await this.client.end()
  }
}
