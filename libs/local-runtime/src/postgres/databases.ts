import pg from 'pg'
import { type Secrets } from '../secrets.js'

/** The log and the read models: databases and roles of their own, no query across. */
const DATABASES = [
  { name: 'headwater_log', secret: 'log' },
  { name: 'headwater_read', secret: 'read' },
] as const

/** Makes databases and their roles if they are missing. */
export async function ensureDatabases(adminUrl: string, secrets: Secrets): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    for (const { name, secret } of DATABASES) {
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
      if (rowCount) continue
      await client.query(`do $$ begin
        create role ${name} login password '${secrets[secret]}';
      exception when duplicate_object then null; end $$`)
      await client.query(`create database ${name} owner ${name}`)
      await client.query(`revoke connect on database ${name} from public`)
    }
    await client.query(
      "select pg_create_physical_replication_slot('headwater_replica', true) where not exists (select 1 from pg_replication_slots where slot_name = 'headwater_replica')",
    )
  } finally {
    await client.end()
  }
}
