import { IS_LOCKED, lockedLanes } from '../builds/schema.js'

/** The connection that holds it is gone: its process was killed, or the server noticed that it was cut off. */
const vanished = (alias: string): string => `not exists (select from pg_stat_activity where pid = ${alias}.backend)`

/** Before the first epoch is taken on a connection: whose database it is may be another by now. Moves the sequence only. */
export const EPOCHS_SQL = 'select headwater.epochs_by_the_clock()'

/**
 * As `lazily`, for a `with`: the commit of the statement that reads it waits for no disk. For what is said again twice a second: who has to wait for its
 * rows waits that much less. A crash of the server may take it back, and all connections with it: whoever was there is gone then, its lanes are free at
 * once, and the epochs that fence are given out by commits that do wait.
 */
const LAZILY = "lazily as materialized (select set_config('synchronous_commit', 'off', true))"

/** Tells that this projector is there. In: instance, fleet. Locks its own row. */
export const HERE_SQL = `
with ${LAZILY}
insert into headwater.projectors as p (instance, fleet, backend, seen_at)
select $1, $2, pg_backend_pid(), clock_timestamp() from lazily
on conflict (instance) do update set fleet = excluded.fleet, backend = excluded.backend, seen_at = excluded.seen_at`

/** Who is there, in the order in which all count them. In: fleet, silence in ms after which one is gone. Locks nothing. */
export const PEERS_SQL = `
select instance from headwater.projectors p
where fleet = $1 and seen_at > clock_timestamp() - $2 * interval '1 ms' and not (${vanished('p')}) order by instance`

/** In: fleet. Out: each lane, its holder, and whether its term is over. Locks nothing. */
export const LANES_SQL = `
select lane, holder, epoch, expires_at < clock_timestamp() or ${vanished('l')} as is_over
from headwater.lanes l where fleet = $1 order by lane`

/** In: fleet, instance, lease in ms. Out: the lanes whose terms still stand. Locks their rows. */
export const RENEW_SQL = `
with ${LAZILY}, ${lockedLanes('fleet = $1 and holder = $2 and expires_at > clock_timestamp()')}
update headwater.lanes l set expires_at = clock_timestamp() + $3 * interval '1 ms', backend = pg_backend_pid()
from locked, lazily where ${IS_LOCKED} returning l.lane, epoch`

/**
 * Takes what is free, or was this instance's own in an earlier life. Epochs come from one sequence: of two owners the later one has the
 * higher. In: fleet, instance, lanes, lease in ms. Out: what was got. Locks the rows; a commit in hand is waited for.
 */
export const TAKE_SQL = `
with ${lockedLanes(
  `fleet = $1 and lane = any($3::int[]) and (expires_at < clock_timestamp() or holder = $2 or ${vanished('lanes')})`,
)}
update headwater.lanes l set epoch = nextval('headwater.epochs'), holder = $2, backend = pg_backend_pid(),
  expires_at = clock_timestamp() + $4 * interval '1 ms'
from locked where ${IS_LOCKED} returning l.lane, epoch`

/** In: fleet, instance, lanes. Locks the rows. */
export const RELEASE_SQL = `
with ${lockedLanes('fleet = $1 and holder = $2 and lane = any($3::int[])')}
update headwater.lanes l set holder = '', expires_at = '-infinity' from locked where ${IS_LOCKED}`

/** In: instance, fleet. Locks its rows. */
export const LEAVE_SQL = `
with gone as (delete from headwater.projectors where instance = $1), ${lockedLanes('fleet = $2 and holder = $1')}
update headwater.lanes l set holder = '', expires_at = '-infinity' from locked where ${IS_LOCKED}`

/** Ends the connections that folded for somebody whose term is over. In: their names. */
export const END_SQL = `
select pg_terminate_backend(pid) from pg_stat_activity
where application_name = any($1::text[]) and usename = current_user and datname = current_database()`

/** Is there anything that another fleet folds and this one knows? In: fleet, lanes. Locks nothing. */
export const LEFT_SQL = `
select 1 from headwater.members m join headwater.fleets f on f.fleet = $1 and f.projection = m.projection and f.version = m.version
where m.fleet <> $1 and m.lane = any($2::int[]) limit 1`

/**
 * What a fleet left behind that is no longer there is carried on, as far as this fleet knows it: its lanes get another epoch first, so that
 * none of its projectors can commit when it wakes up. In: fleet, lanes, silence in ms after which a projector is gone. Locks both.
 */
export const INHERIT_SQL = `
with ${lockedLanes(`fleet <> $1 and lane = any($2::int[]) and not exists (
  select from headwater.projectors p where p.fleet = lanes.fleet
    and seen_at > clock_timestamp() - $3 * interval '1 ms' and not (${vanished('p')}))`)}, gone as (
  update headwater.lanes l set epoch = nextval('headwater.epochs'), holder = '', expires_at = '-infinity'
  from locked where ${IS_LOCKED} returning l.fleet, l.lane, position
)
update headwater.members m set fleet = $1, position = coalesce(m.position, gone.position)
from gone where gone.fleet = m.fleet and gone.lane = m.lane
  and exists (select from headwater.fleets f where f.fleet = $1 and f.projection = m.projection and f.version = m.version)`
