/** The table of leases, in a schema of the caller's choice. Idempotent. */
export const LEASES_SQL = (schema: string): string => `
create table if not exists ${schema}.leases (
  name text primary key,
  epoch bigint not null,
  holder text not null,
  backend integer not null,
  expires_at timestamptz not null
)`

/** The lease connection of the holder is gone: it was killed, or its host was cut off and the server noticed. */
const VANISHED = 'not exists (select from pg_stat_activity where pid = lease.backend)'

/**
 * Who stands by looks without locking anything, so that commits and renewals never wait for it.
 * In: name, holder. Out: the last epoch, and whether its term is over; no row when there was none. Locks nothing.
 */
export const LOOK_SQL = (schema: string): string => `
select epoch, expires_at < clock_timestamp() or holder = $2 or ${VANISHED} as is_over
from ${schema}.leases lease where name = $1`

/**
 * Takes the lease when it is free, expired, this holder's own (of an earlier life), or its holder has vanished, on the
 * database's clock. In: name, holder, lease in ms. Out: the new epoch; no row when somebody else holds it. Locks the row for
 * update: a commit under the old term holds it for key share, which a renewal does not mind, and is waited for.
 */
export const ACQUIRE_SQL = (schema: string): string => `
with held as materialized (
  select 1 from ${schema}.leases lease
  where name = $1 and (expires_at < clock_timestamp() or holder = $2 or ${VANISHED}) for update
)
insert into ${schema}.leases as lease (name, epoch, holder, backend, expires_at)
select $1, 1, $2, pg_backend_pid(), clock_timestamp() + $3 * interval '1 ms' from (select count(*) from held) as locked
on conflict (name) do update
  set epoch = lease.epoch + 1, holder = excluded.holder, backend = excluded.backend, expires_at = excluded.expires_at
  where lease.expires_at < clock_timestamp() or lease.holder = excluded.holder or ${VANISHED}
returning epoch`

/** In: name, epoch, lease in ms. Out: a row when the term still stands. Locks the row. */
export const RENEW_SQL = (schema: string): string => `
update ${schema}.leases set backend = pg_backend_pid(), expires_at = clock_timestamp() + $3 * interval '1 ms'
where name = $1 and epoch = $2 and expires_at > clock_timestamp() returning epoch`

/** Lets a successor in at once. In: name, epoch. Locks the row. */
export const RELEASE_SQL = (schema: string): string => `
update ${schema}.leases set expires_at = '-infinity' where name = $1 and epoch = $2`

/** Ends the connections of earlier terms: a paused leader must not wake up inside a transaction. In: name of the connections to end. */
export const TERMINATE_SQL = `
select pg_terminate_backend(pid) from pg_stat_activity
where application_name like $1 and application_name <> $2 and usename = current_user and datname = current_database()`

/**
 * Ends the connections of one term, but for the one that asks: what they hold open would keep whoever comes next waiting for the row. In:
 * their name.
 */
export const END_TERM_SQL = `
select pg_terminate_backend(pid) from pg_stat_activity
where application_name = $1 and pid <> pg_backend_pid() and usename = current_user and datname = current_database()`

/** Waits until all that holds the lease for its own transaction is over. In: name. Locks the row for update. */
export const SETTLE_SQL = (schema: string): string => `select 1 from ${schema}.leases where name = $1 for update`
