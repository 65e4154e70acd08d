import pg from 'pg'
import { LOCKS, withClient } from '#runtime'

/**
 * The index of names, in the read models' database: derived from the log like they are, and rebuilt from it when it is lost.
 * `hash`: of kind, stream and name. `revision`, `position`: of the last event of the append that took the name.
 * `position` of the checkpoint: every name up to there is in; `last`: position of the log's last event up to there.
 */
const VERSION_1 = `
create table eventstoredb.names (
  hash bytea primary key,
  revision bigint not null,
  position bigint not null,
  request_hash text collate "C" not null
);
create table eventstoredb.checkpoint (
  single boolean primary key default true check (single),
  prefix text collate "C" not null,
  position bigint not null,
  last bigint not null
);`

const MIGRATIONS: readonly string[] = [VERSION_1]

const PREPARE_SQL = `
create schema if not exists eventstoredb;
create table if not exists eventstoredb.versions (version integer primary key, applied_at timestamptz not null default now())`

/**
 * Brings the index's schema up to date. Idempotent; concurrent calls wait for each other.
 *
 * @throws Error when a newer Headwater wrote it, when it indexes the streams of another prefix, and when the database cannot be
 * reached or goes away meanwhile.
 */
export async function migrateNames(url: string, prefix: string): Promise<void> {
  await withClient(new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 }), async (client) => {
    await client.query('select pg_advisory_lock($1)', [LOCKS.namesSchema])
    await client.query(PREPARE_SQL)
    const { rows } = await client.query<{ version: number }>(
      'select coalesce(max(version), 0) as version from eventstoredb.versions',
    )
    const current = rows[0]?.version ?? 0
    const known = MIGRATIONS.length
    if (current > known)
      throw new Error(`the index of names has version ${current}, this Headwater knows up to ${known}: upgrade it`)
    for (const [index, sql] of MIGRATIONS.entries())
      if (index + 1 > current)
        await client.query(`begin; ${sql} insert into eventstoredb.versions (version) values (${index + 1}); commit`)
    await checkPrefix(client, prefix)
  })
}

async function checkPrefix(client: pg.Client, prefix: string): Promise<void> {
  await client.query(
    'insert into eventstoredb.checkpoint (prefix, position, last) values ($1, 0, 0) on conflict do nothing',
    [prefix],
  )
  const { rows } = await client.query<{ prefix: string }>('select prefix from eventstoredb.checkpoint')
  const found = rows[0]?.prefix ?? ''
  if (found !== prefix)
    throw new Error(`the index of names belongs to streams of prefix "${found}", and this log has prefix "${prefix}"`)
}
