import pg from 'pg'
import { LEASES_SQL } from '#leadership'
import { LOCKS, withClient } from '#runtime'
import { PARTITION_EVENTS } from './partitions.js'

/**
 * Version 1. `events` is the truth. `json`, not `jsonb`: data is stored as it was written and never searched.
 */
const VERSION_1 = `
create table log.events (
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
create table log.keys (hash uuid primary key, position bigint not null);
${LEASES_SQL('log')};`

/**
 * Version 2: events in partitions by position, so that old ones can be detached; and names (command keys, claims, streams)
 * that cost no index on random values. A batch leaves its names in one row of \`recent_names\`; some half a million of them
 * at a time become a sealed run: a Bloom filter, and blocks by the first bits of the hash. See \`names/\`.
 */
const VERSION_2 = `
alter table log.events rename to events_1;
alter index log.events_pkey rename to events_1_pkey;
alter table log.events_1 rename constraint events_stream_revision_key to events_1_stream_revision_key;
create table log.events (
  position bigint primary key,
  stream text collate "C" not null,
  revision bigint not null,
  id uuid not null,
  type text collate "C" not null,
  version integer not null,
  time timestamptz not null,
  data json not null,
  metadata json not null
) partition by range (position);
do $$ begin
  execute format('alter table log.events attach partition log.events_1 for values from (1) to (%s)',
    (select (coalesce(max(position), 0) / ${PARTITION_EVENTS} + 1) * ${PARTITION_EVENTS} + 1 from log.events_1));
end $$;

create table log.recent_names (after bigint primary key, position bigint not null unique, names bytea not null);
alter table log.recent_names alter column names set storage external;
create table log.name_runs (last_position bigint primary key, filter bytea not null);
alter table log.name_runs alter column filter set storage external;
create table log.name_blocks (
  run bigint not null, bucket integer not null, entries bytea not null, primary key (run, bucket)
);
alter table log.name_blocks alter column entries set storage external;

insert into log.recent_names (after, position, names)
select page * 1000, least((page + 1) * 1000, (select max(position) from log.events)),
  string_agg(hash || int8send(position), ''::bytea order by position)
from (
  select decode(replace(hash::text, '-', ''), 'hex') as hash, position, (position - 1) / 1000 as page from log.keys
  union all
  select substr(sha256('\\x73747265616d00'::bytea || convert_to(stream, 'UTF8') || '\\x00'::bytea), 1, 16), position,
    (position - 1) / 1000
  from log.events where revision = 0
) as names
group by page;
-- A page without names must not hide where the log ends.
insert into log.recent_names (after, position, names)
select max(position) - 1, max(position), ''::bytea from log.events having max(position) is not null
on conflict do nothing;
drop table log.keys;

-- Holds the term for this transaction, and the end of the log: epoch and last position must be what the writer thinks.
-- In: lease, epoch, last position (null: any). Raises HW001 when another epoch leads, HW002 when the log ends elsewhere.
-- Locks the lease row against a takeover, not against its renewal.
create function log.hold_term(lease text, term bigint, head bigint) returns void language plpgsql as $$
begin
  perform 1 from log.leases where name = lease and epoch = term for key share;
  if not found then raise exception 'epoch % leads no longer', term using errcode = 'HW001'; end if;
  if head > 0 and not exists (select 1 from log.recent_names where position = head) then
    raise exception 'the log does not end at %', head using errcode = 'HW002';
  end if;
end $$;`

/**
 * Version 3: what outlives an archived partition. Where each command's append stands and what it asked for, so that a retry is
 * answered as it was; and where each stream ended, so that it goes on there. See `archive/`.
 */
const VERSION_3 = `
create table log.archives (
  name text collate "C" primary key,
  first_position bigint not null unique,
  last_position bigint not null unique,
  file text not null,
  sha256 text not null,
  archived_at timestamptz not null default now()
);
create table log.archived_commands (
  position bigint primary key, stream text collate "C" not null, revision bigint not null, hash text not null
);
create table log.archived_streams (
  stream text collate "C" primary key, revision bigint not null, last_id uuid not null, position bigint not null
);
create index archived_streams_position on log.archived_streams (position);`

/**
 * Version 4: eight runs of one level become one of the next. A slice of a run is one filter and 1,024 blocks, written and deleted in one
 * transaction; a run of level n has 8^n of them, and is in force while `name_runs` has it. Its id says which run it is in memory too.
 * A writer of an earlier version, which knows nothing of merged runs, finds no filters any more and cannot lead.
 */
const VERSION_4 = `
create table log.name_slices (
  level integer not null, run bigint not null, slice integer not null, filter bytea not null, primary key (level, run, slice)
);
alter table log.name_slices alter column filter set storage external;
insert into log.name_slices (level, run, slice, filter) select 0, last_position, 0, filter from log.name_runs;
alter table log.name_runs drop column filter;
alter table log.name_runs
  add column level integer not null default 0, add column id uuid not null default gen_random_uuid(),
  drop constraint name_runs_pkey, add primary key (level, last_position);
alter table log.name_blocks
  add column level integer not null default 0, drop constraint name_blocks_pkey, add primary key (level, run, bucket);`

const MIGRATIONS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4]

/** The version that this code reads and writes. */
export const LOG_VERSION = MIGRATIONS.length

/** A log from before versions were written down has the table of version 1. */
const PREPARE_SQL = `
create schema if not exists log;
create table if not exists log.versions (version integer primary key, applied_at timestamptz not null default now());
insert into log.versions (version) select 1 where to_regclass('log.events') is not null on conflict do nothing;`

/**
 * Brings the log's schema up to date, each version in a transaction. Idempotent; concurrent calls wait for each other.
 *
 * @param to for tests of migrations: stop at this version.
 * @throws Error when the log was written by a newer Headwater, and when the database cannot be reached or goes away meanwhile.
 */
export async function migrateLog(url: string, to = LOG_VERSION): Promise<void> {
  await withClient(new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 }), async (client) => {
    await client.query('select pg_advisory_lock($1)', [LOCKS.logSchema])
    await client.query(PREPARE_SQL)
    const { rows } = await client.query<{ version: number }>(
      'select coalesce(max(version), 0) as version from log.versions',
    )
    const current = rows[0]?.version ?? 0
    if (current > LOG_VERSION)
      throw new Error(`the log has schema version ${current}, this Headwater knows up to ${LOG_VERSION}: upgrade it`)
    for (const [index, sql] of MIGRATIONS.entries()) {
      const version = index + 1
      if (version <= current || version > to) continue
      await client.query(`begin; ${sql} insert into log.versions (version) values (${version}); commit`)
    }
  })
}
