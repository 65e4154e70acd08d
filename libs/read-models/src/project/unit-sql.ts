/**
 * How far each lane is, if it is still ours: fence and checkpoint in one. In: fleet, lanes, epochs, position. Out: a row for each. Locks
 * the rows to the end of the transaction; a position never goes back.
 */
export const ADVANCE_SQL = `
update headwater.lanes l set position = greatest(l.position, $4::bigint)
from unnest($2::int[], $3::bigint[]) as o(lane, epoch) where l.fleet = $1 and l.lane = o.lane and l.epoch = o.epoch`

/** Are the lanes still ours? In: fleet, lanes, epochs. Out: a row for each. Locks the rows against being taken. */
export const FENCE_SQL = `
select 1 from headwater.lanes l join unnest($2::int[], $3::bigint[]) as o(lane, epoch) using (lane, epoch)
where l.fleet = $1 for share of l`

/** How far builds are that do not go with their lanes. In: projections, versions, builds, lanes, positions; null: it goes with its lane from now on. Locks the rows. */
export const MEMBERS_SQL = `
update headwater.members m set position = o.position
from unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::bigint[]) as o(projection, version, build, lane, position)
where m.projection = o.projection and m.version = o.version and m.build = o.build and m.lane = o.lane`
