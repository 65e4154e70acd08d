import pg from 'pg'
import { LEASES_SQL } from '#leadership'
import { LOCKS, withClient } from '#runtime'

/** The lock under which the read models are migrated, too: both make the schema `headwater`. */
const LOCK_SQL = `select pg_advisory_lock(${LOCKS.readModelsSchema})`

const PROCESSES_SQL = `
create schema if not exists headwater;
${LEASES_SQL('headwater')};
create table if not exists headwater.process_checkpoints (
  process text primary key,
  position bigint not null,
  epoch bigint not null
)`

/**
 * Makes what the process managers need in the read models' database. Idempotent; concurrent calls wait for each other.
 *
 * @throws Error when the database cannot be reached or goes away meanwhile.
 */
export async function migrateProcesses(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'headwater migrations',
    connectionTimeoutMillis: 5_000,
  })
  await withClient(client, async () => {
    await client.query(LOCK_SQL)
    await client.query(PROCESSES_SQL)
  })
}
