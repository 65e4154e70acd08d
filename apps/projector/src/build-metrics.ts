import { Gauge, type Registry } from 'prom-client'
import { type Builds, type BuildStatus, type LaneStatus } from '#read-models'
import { type LogHead } from './log-head.js'

/** What one scrape sees. What does not answer is left out of it: the others' numbers are wanted all the more. */
interface Sight {
  readonly builds: readonly BuildStatus[]
  readonly lanes: readonly LaneStatus[]
  /** undefined: the log did not answer. */
  readonly head: bigint | undefined
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Measured {
  readonly builds: Pick<Builds, 'list' | 'lanes'>
  readonly head: Pick<LogHead, 'find'>
}

const BUILD_LABELS = ['projection', 'version', 'build', 'slot']

/** How far builds and lanes are, how far they have to go, and whether they go: database and log are asked once a scrape. */
export function measureBuilds(measured: Measured, metrics: Registry): void {
  const see = shared(() => sight(measured))
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    samples: (seen: Sight) => readonly Sample[],
  ): Gauge =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [metrics],
      async collect() {
        const seen = await see()
        this.reset()
        for (const { labels, value } of samples(seen)) this.set(labels, value)
      },
    })
  gauge('headwater_projection_position', 'Last position folded, the least over the lanes', BUILD_LABELS, ({ builds }) =>
    builds.map((build) => ({ labels: labelsOf(build), value: Number(build.position) })),
  )
  gauge('headwater_projection_lag_events', 'Positions between a build and the end of the log', BUILD_LABELS, (seen) =>
    seen.builds.flatMap((build) =>
      // Of a version that nobody folds any more: it is to stay where it is.
      build.state === 'idle' ? [] : lag(seen, labelsOf(build), BigInt(build.position)),
    ),
  )
  gauge(
    'headwater_projection_stopped_lanes',
    'Lanes in which it stands still at an event',
    BUILD_LABELS,
    ({ builds }) => builds.map((build) => ({ labels: labelsOf(build), value: build.stops.length })),
  )
  gauge('headwater_lane_position', 'Last position folded in a lane, whoever owns it', ['lane'], ({ lanes }) =>
    lanes.map(({ lane, position }) => ({ labels: { lane: String(lane) }, value: Number(position) })),
  )
  gauge('headwater_lane_lag_events', 'Positions between a lane and the end of the log', ['lane'], (seen) =>
    seen.lanes.flatMap(({ lane, position }) => lag(seen, { lane: String(lane) }, position)),
  )
}

const labelsOf = ({ projection, version, build, slot }: BuildStatus): Sample['labels'] => ({
  ...{ projection, slot },
  ...{ version: String(version), build: String(build) },
})

const lag = ({ head }: Sight, labels: Sample['labels'], position: bigint): readonly Sample[] =>
  head === undefined ? [] : [{ labels, value: head > position ? Number(head - position) : 0 }]

/** The log is asked last: what comes meanwhile makes a lag too large by it, never one that is there look like none. */
async function sight({ builds, head }: Measured): Promise<Sight> {
  const [all, lanes] = await Promise.all([builds.list().catch(() => []), builds.lanes().catch(() => [])])
  return { builds: all, lanes, head: await head.find().catch(() => undefined) }
}

/** Who asks while somebody else does gets the same answer. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | undefined
  return () => (asking ??= ask().finally(() => (asking = undefined)))
}
