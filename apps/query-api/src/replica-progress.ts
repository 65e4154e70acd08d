import { Gauge, type Registry } from 'prom-client'
import { type Domain } from '#domain-kit'
import { type ReplicaStatus, type Sources } from '#read-models'

export interface ReplicaProgress {
  /** What every replica reflects of every projection. */
  readonly position: bigint
  check(): string | undefined
}

/** How far the replicas are, for health and status. One that is away is no reason to send queries elsewhere, all of them are. */
export function replicaProgress(sources: Sources, domains: readonly Domain[]): ReplicaProgress {
  const projections = domains.flatMap((domain) => domain.projections)
  return {
    get position() {
      return sources.progress(projections)
    },
    check: () => (sources.isAway ? 'no replica answers' : undefined),
  }
}

const GAUGES: readonly { name: string; help: string; of: (status: ReplicaStatus) => number }[] = [
  { name: 'position', help: 'Last position that the replica was seen to reflect', of: (it) => Number(it.position) },
  { name: 'lag_positions', help: 'Positions behind the replica that is furthest', of: (it) => Number(it.lag) },
  { name: 'in_flight', help: 'Queries under way or waiting at the replica', of: (it) => it.inFlight },
  { name: 'ejected', help: '1 while it is left out because it is away or lags', of: (it) => Number(it.isEjected) },
]

/** `headwater_replica_…`, one series a replica. */
export function replicaMetrics(sources: Sources, registry: Registry): void {
  for (const { name, help, of } of GAUGES)
    new Gauge({
      name: `headwater_replica_${name}`,
      help,
      labelNames: ['replica'],
      registers: [registry],
      collect() {
        for (const status of sources.status()) this.set({ replica: status.name }, of(status))
      },
    })
}
