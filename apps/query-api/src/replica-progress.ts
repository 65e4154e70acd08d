import { type Domain } from '#domain-kit'
import { type Sources } from '#read-models'

/** The least checkpoint over all projections, as the replica has it. */
const PROGRESS_SQL = `
select coalesce(min(c.position), 0) as checkpoint, count(*) = $3::int as is_within
from headwater.checkpoints c
join unnest($1::text[], $2::int[]) as p(projection, version) using (projection, version) where c.partition = 0`

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
      // Before the first event there is no checkpoint: that is no trouble.
      position = snapshot.isWithin ? snapshot.position : 0n
      return undefined
    },
  }
}
