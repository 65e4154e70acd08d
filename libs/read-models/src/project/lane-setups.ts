import { type ClientBase } from 'pg'
import { type LaneSetup } from '../cache/cached-lane.js'
import { buildField, ownField } from '../cache/keys.js'
import { type Plan } from './plan.js'

/** In: fleet, lanes. Out: what is live in each lane, and its own position if it does not go with the lane. Locks nothing. */
const LIVE_SQL = `
select m.lane, m.projection as name, m.version, m.build, m.position
from headwater.members m join headwater.builds b using (projection, version, build)
where m.fleet = $1 and m.lane = any($2::int[]) and b.slot = 'live' order by 1, 2, 3`

/** What the cache must know of each lane before its first batch. */
export async function laneSetups(client: ClientBase, fleet: string, { lanes, positions }: Plan): Promise<LaneSetup[]> {
  const { rows } = await client.query<{
    lane: number
    name: string
    version: number
    build: number
    position: string | null
  }>(LIVE_SQL, [fleet, [...lanes.keys()]])
  return [...lanes].map(([lane, epoch]) => {
    const mine = rows.filter((row) => row.lane === lane)
    const own = Object.fromEntries(
      mine.flatMap((row) => (row.position === null ? [] : [[ownField(row), row.position]])),
    )
    const builds = JSON.stringify([mine.map(({ name, version, build }) => `${name}.v${version}.${build}`), own])
    const fields = { ...Object.fromEntries(mine.map((row) => [buildField(row), String(row.build)])), ...own }
    return { fleet, lane, epoch, position: positions.get(lane) ?? 0n, builds, fields }
  })
}
