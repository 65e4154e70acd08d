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

/** In: projection, version, build, slot. */
export const SLOT_SQL = `
update headwater.builds set slot = $4, promotes_itself = false where projection = $1 and version = $2 and build = $3`

/** In: projection, version, build. */
export const INDEXED_SQL = `
update headwater.builds set is_indexed = true where projection = $1 and version = $2 and build = $3`

/** In: fleet, lanes. Locks the rows; a batch that is being committed is waited for. */
export const FENCE_SQL = `
update headwater.lanes set epoch = nextval('headwater.epochs') where fleet = $1 and lane = any($2::int[])`

/** In: projection, version, position of the event (null: whichever). Out: the builds that go on. Locks the rows. */
export const GO_ON_SQL = `
update headwater.members set stopped = null
where projection = $1 and version = $2 and stopped is not null and ($3::text is null or stopped->>'position' = $3)
returning build`

/** In: projection, version, build, position. */
export const SKIP_SQL = `
insert into headwater.skips (projection, version, build, position) values ($1, $2, $3, $4) on conflict do nothing`

/** In: actor, action, projection, version, build, position, detail. */
export const DECIDED_SQL = `
insert into headwater.decisions (actor, action, projection, version, build, position, detail) values ($1, $2, $3, $4, $5, $6, $7)`

/** Builds that are near enough to their lanes for the next step. In: fleet. Locks nothing. */
export const DUE_SQL = `
select b.projection, b.version, b.build, b.slot, b.is_indexed, b.promotes_itself,
  count(*) filter (where m.position is not null)::int as apart
from headwater.builds b join headwater.members m using (projection, version, build)
join headwater.lanes l on l.fleet = m.fleet and l.lane = m.lane
where b.slot = 'next' and m.fleet = $1 group by 1, 2, 3
having bool_and(m.stopped is null and (m.position is null or m.position + 2000 >= l.position))
  and (not b.is_indexed or (b.promotes_itself and bool_and(m.position is null)))`

/** In: fleet. Out: what has stopped, and where. Locks nothing. */
export const STOPS_SQL = `
select projection, version, build, lane, stopped from headwater.members where fleet = $1 and stopped is not null order by 1, 2, 3, 4`

/** Out: every build with how far it is, and how far its lanes are. Locks nothing. */
export const LIST_SQL = `
select b.projection, b.version, b.build, b.slot, b.is_indexed, b.promotes_itself, b.created_at,
  min(coalesce(m.position, l.position)) as position, max(l.position) as head,
  count(*)::int as lanes, count(*) filter (where m.position is null)::int as together,
  coalesce(json_agg(json_build_object('lane', m.lane, 'stopped', m.stopped) order by m.lane) filter (where m.stopped is not null), '[]') as stops
from headwater.builds b join headwater.members m using (projection, version, build)
join headwater.lanes l on l.fleet = m.fleet and l.lane = m.lane
group by 1, 2, 3 order by 1, 2, 3`
