import { type Secrets } from '../secrets.js'
import { connected } from './connected.js'

/** The log and the read models: databases and roles of their own, no query across. */
const DATABASES = [
  { name: 'headwater_log', secret: 'log' },
  { name: 'headwater_read', secret: 'read' },
] as const

/** In: names. Makes the slots that are missing, and drops those of replicas that are no longer: they would keep WAL for nobody. */
const MAKE_SLOTS_SQL = `
select pg_create_physical_replication_slot(name, true) from unnest($1::text[]) as name
where not exists (select 1 from pg_replication_slots where slot_name = name)`
const DROP_SLOTS_SQL = `
select pg_drop_replication_slot(slot_name) from pg_replication_slots
where slot_name ~ '^headwater_replica(_[0-9]+)?$' and not active and slot_name <> all($1::text[])`

/** Makes databases, their roles and the replicas' slots if they are missing. */
export async function ensureDatabases(adminUrl: string, secrets: Secrets, slots: readonly string[]): Promise<void> {
  await connected(adminUrl, async (client) => {
    for (const { name, secret } of DATABASES) {
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
      if (rowCount) continue
      await client.query(`do $$ begin
        create role ${name} login password '${secrets[secret]}';
      exception when duplicate_object then null; end $$`)
      await client.query(`create database ${name} owner ${name}`)
      await client.query(`revoke connect on database ${name} from public`)
    }
    await client.query(MAKE_SLOTS_SQL, [slots])
    await client.query(DROP_SLOTS_SQL, [slots])
  })
}
