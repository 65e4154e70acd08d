import pg from 'pg'
import { LEASES_SQL } from '#leadership'

/**
 * The log. `events` is the truth; `keys` names what was done once, for ever: command ids and claims, as the first 16 bytes
 * of a SHA-256, with the position of the append's last event, whose metadata holds the key and the request hash.
 * `json`, not `jsonb`: data is stored as it was written and never searched.
 */
const SCHEMA_SQL = `
create schema if not exists log;
create table if not exists log.events (
  position bigint primary key,
  stream text collate "C" not null,
  revision bigint not null,
  id uuid not null,
  type text collate "C" not null,
  version integer not null,
  time timestamptz not null,
  data json not null,
  metadata json not null,
  unique (stream, revision)
);
create table if not exists log.keys (hash uuid primary key, position bigint not null);
${LEASES_SQL('log')};`

/** One migration at a time, whoever starts first. */
const MIGRATION_LOCK = 7_400_001

/** Brings the log's schema up to date. Idempotent; concurrent calls wait for each other. */
export async function migrateLog(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await client.query(SCHEMA_SQL)
  } finally {
    await client.end()
  }
}
