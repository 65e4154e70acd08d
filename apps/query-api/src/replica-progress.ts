import { type Domain } from '#domain-kit'
import { type Sources } from '#read-models'

/** The least position over all live builds in all their lanes, as the replica has it; and whether none is missing. */
const PROGRESS_SQL = `
select coalesce(min(coalesce(m.position, l.position)), 0) as checkpoint, count(distinct (m.projection, m.version)) = $3::int as is_within
from headwater.members m join headwater.builds b using (projection, version, build)
join headwater.lanes l on l.fleet = m.fleet and l.lane = m.lane
join unnest($1::text[], $2::int[]) as p(projection, version) using (projection, version) where b.slot = 'live'`

export interface ReplicaProgress {
  readonly position: bigint
  check(): Promise<string | undefined>
}

/** How far the replicas are, for health and status. */
export function replicaProgress(sources: Sources, domains: readonly Domain[]): ReplicaProgress {
  const projections = domains.flatMap((domain) => domain.projections)
  const names = projections.map(({ name }) => name)
  const versions = projections.map(({ version }) => version)
  let position = 0n
  return {
    get position() {
      return position
    },
    check: async () => {
      const statement = { text: PROGRESS_SQL, values: [names, versions, names.length] }
      const snapshot = await sources.replica(statement, {})
      position = snapshot.isWithin ? snapshot.position : 0n
      return snapshot.isWithin ? undefined : 'a projection of this release has no live build yet: it is being built'
    },
  }
}
