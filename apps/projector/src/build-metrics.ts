import { Gauge, type Registry } from 'prom-client'
import { type Builds, type BuildStatus } from '#read-models'

/** How far each build is, how far it has to go, and whether it goes; asked of the database when somebody scrapes. */
export function measureBuilds(builds: Pick<Builds, 'list'>, metrics: Registry): void {
  const gauge = (name: string, help: string, valueOf: (build: BuildStatus) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['projection', 'version', 'build', 'slot'],
      registers: [metrics],
      async collect() {
        const all = await builds.list()
        this.reset()
        for (const each of all) {
          const { projection, slot } = each
          this.set({ projection, version: String(each.version), build: String(each.build), slot }, valueOf(each))
        }
      },
    })
  gauge('headwater_projection_position', 'Last position folded, the least over the lanes', (build) =>
    Number(build.position),
  )
  gauge('headwater_projection_lag_events', 'Events between the build and its lanes', (build) =>
    Number(BigInt(build.head) - BigInt(build.position)),
  )
  gauge(
    'headwater_projection_stopped_lanes',
    'Lanes in which it stands still at an event',
    (build) => build.stops.length,
  )
}
