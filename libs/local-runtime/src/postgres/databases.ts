import { type Secrets } from '../secrets.js'
import { connected } from './connected.js'
import { DROP_SLOTS_SQL, MAKE_SLOTS_SQL } from './slots.js'

/** The log and the read models: databases and roles of their own, no query across. */
const DATABASES = [
  { name: 'headwater_log', secret: 'log' },
  { name: 'headwater_read', secret: 'read' },
] as const

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
