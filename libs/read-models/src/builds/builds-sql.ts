import { IS_LOCKED, lockedLanes } from './schema.js'

/** In: projection, version. Out: its builds, and in how many lanes each does not go with its lane. Locks nothing. */
export const BUILDS_SQL = `
select b.projection, b.version, b.build, b.slot, b.is_indexed,
  (select count(*)::int from headwater.members m
    where (m.projection, m.version, m.build) = (b.projection, b.version, b.build) and m.position is not null) as apart
from headwater.builds b where b.projection = $1 and b.version = $2 order by b.build`

/** In: projection, version, build, promotes itself. */
export const BEGIN_SQL = `
insert into headwater.builds (projection, version, build, slot, is_indexed, promotes_itself) values ($1, $2, $3, 'next', false, $4)`

/** In: projection, version, build, lanes, fleet. */
export const BEGIN_MEMBERS_SQL = `
insert into headwater.members (projection, version, build, lane, fleet, position)
select $1, $2, $3, lane, $5, 0 from unnest($4::int[]) as lane`

/** In: projection, version, build. Its members and skips go with it. */
export const DROP_SQL = 'delete from headwater.builds where projection = $1 and version = $2 and build = $3'

/** A projector that was not seen for so long is not there. */
export const SEEN = "interval '10 s'"

/** In: projection, version. Out: a row when a projector that folds it is there, or was a moment ago. Locks nothing. */
export const FOLDED_SQL = `
select 1 from headwater.members m join headwater.projectors p using (fleet)
where m.projection = $1 and m.version = $2 and p.seen_at > clock_timestamp() - ${SEEN} limit 1`

/** In: projection, version, build, slot. */
export const SLOT_SQL = `
update headwater.builds set slot = $4, promotes_itself = false where projection = $1 and version = $2 and build = $3`

/**
 * What was live before may have answered up to here. In: projection, version, build that is live now; version of it that
 * was live before. Locks the row; the lanes stand still, or nobody folds them any more.
 */
export const LIVE_AT_SQL = `
update headwater.builds b set live_at = greatest(b.live_at, (
  select max(l.position) from headwater.members m join headwater.lanes l using (fleet, lane) where m.projection = $1 and m.version = $4))
where b.projection = $1 and b.version = $2 and b.build = $3`

/** In: projection, version. Out: the highest number of a build on record. */
export const LAST_BUILD_SQL =
  'select max(build) as build from headwater.decisions where projection = $1 and version = $2'

/** In: projection, version, build. */
export const INDEXED_SQL = `
update headwater.builds set is_indexed = true where projection = $1 and version = $2 and build = $3`

/**
 * Nobody who is in the middle of a batch of this projection may commit it, whichever fleet folds it. In: projection, version. Locks the
 * lanes in which its builds are folded; a batch that is being committed is waited for.
 */
export const FENCE_SQL = `
with ${lockedLanes('(fleet, lane) in (select m.fleet, m.lane from headwater.members m where m.projection = $1 and m.version = $2)')}
update headwater.lanes l set epoch = nextval('headwater.epochs') from locked where ${IS_LOCKED}`

/**
 * In: projection, version, position of the event at fault (null: whatever is). Out: what goes on, with where it had stopped and why. Locks the rows, in
 * one order.
 */
export const GO_ON_SQL = `
with stopped as (
  select projection, version, build, lane, stopped from headwater.members
  where projection = $1 and version = $2 and stopped is not null and ($3::text is null or stopped->>'position' = $3 and stopped->>'type' <> '')
  order by build, lane for no key update), gone_on as (
  update headwater.members m set stopped = null from stopped s
  where (m.projection, m.version, m.build, m.lane) = (s.projection, s.version, s.build, s.lane))
select build, lane, stopped->>'position' as position, stopped->>'reason' as reason from stopped order by build, lane`

/** In: projection, version, build, position. */
export const SKIP_SQL = `
insert into headwater.skips (projection, version, build, position) values ($1, $2, $3, $4) on conflict do nothing`

/**
 * A build stops in one lane; the others go on. In: projection, version, build, lane, position, what stopped it (JSON), fleet, epoch. Out: a row
 * when the lane is still ours. Locks the row.
 */
export const STOP_SQL = `
update headwater.members m set position = $5, stopped = $6::json
from headwater.lanes l
where m.projection = $1 and m.version = $2 and m.build = $3 and m.lane = $4
  and l.fleet = $7 and l.lane = $4 and l.epoch = $8 and m.fleet = l.fleet`

/** A build stops in all its lanes, where it is. In: projection, version, build, reason, time. Locks the rows. */
export const STOP_ALL_SQL = `
update headwater.members m set position = coalesce(m.position, l.position), stopped = json_build_object(
  'position', coalesce(m.position, l.position)::text, 'stream', '', 'revision', '0', 'type', '', 'reason', $4::text, 'at', $5::text)
from headwater.lanes l where l.fleet = m.fleet and l.lane = m.lane and m.projection = $1 and m.version = $2 and m.build = $3`

/** Builds that go with their lanes and want to be live. In: fleet. Locks nothing. */
export const DUE_SQL = `
select b.projection from headwater.builds b join headwater.members m using (projection, version, build)
where b.slot = 'next' and b.is_indexed and b.promotes_itself and m.fleet = $1 group by 1, b.version, b.build
having bool_and(m.stopped is null and m.position is null) order by 1`

/** In: fleet. Out: what has stopped, and where. Locks nothing. */
export const STOPS_SQL = `
select projection, version, build, lane, stopped from headwater.members where fleet = $1 and stopped is not null order by 1, 2, 3, 4`

/** In: fleet. Out: how far each of its lanes is. Locks nothing. */
export const FLEET_LANES_SQL = 'select lane, position from headwater.lanes where fleet = $1 order by lane'

/** In: projection, version. Out: earlier versions that have a live build, the latest first. Locks nothing. */
export const EARLIER_SQL = `
select version from headwater.builds where projection = $1 and version < $2 and slot = 'live' order by version desc`

/** Out: every build with how far it is, and whether a projector that folds it is there, or was a moment ago. Locks nothing. */
export const LIST_SQL = `
select b.projection, b.version, b.build, b.slot, b.created_at, min(coalesce(m.position, l.position)) as position,
  bool_and(m.position is null) as is_together,
  bool_or(exists (select from headwater.projectors p where p.fleet = m.fleet and p.seen_at > clock_timestamp() - ${SEEN})) as is_folded,
  coalesce(json_agg(json_build_object('lane', m.lane, 'stopped', m.stopped) order by m.lane) filter (where m.stopped is not null), '[]') as stops
from headwater.builds b join headwater.members m using (projection, version, build)
join headwater.lanes l on l.fleet = m.fleet and l.lane = m.lane
group by 1, 2, 3 order by 1, 2, 3`
