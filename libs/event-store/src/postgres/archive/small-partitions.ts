import pg from 'pg'
import { migrateLog } from '../schema.js'
import { ATTACH_SQL } from '../partitions.js'

/** For tests: a new log whose first partitions hold so many events each; what comes after them is in one of the usual size. */
export async function smallPartitions(url: string, events: number, count: number): Promise<void> {
  await migrateLog(url)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('begin; drop table log.events_1')
    for (let at = 0; at < count; at += 1) {
      const first = 1 + at * events
      await client.query(ATTACH_SQL({ table: `events_${first}`, first, end: first + events }))
    }
    await client.query('commit')
  } finally {
    await client.end()
  }
}
