/**
 * A build stops in one lane; the others go on. In: projection, version, build, lane, position, what stopped it (JSON), fleet, epoch. Out: a row
 * when the lane is still ours. Locks the row.
 */
export const STOP_SQL = `
update headwater.members m set position = $5, stopped = $6::json
from headwater.lanes l
where m.projection = $1 and m.version = $2 and m.build = $3 and m.lane = $4
  and l.fleet = $7 and l.lane = $4 and l.epoch = $8 and m.fleet = l.fleet`
