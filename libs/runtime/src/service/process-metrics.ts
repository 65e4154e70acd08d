import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'

/** What the client library samples by a timer for: a hundred times a second, which is most of what an idle process does. */
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (each) => `nodejs_eventloop_lag_${each}_seconds`,
)
const HOUR_MS = 3_600_000

/** Memory, processor, garbage collection and event loop of this process, measured when somebody asks. */
export function processMetrics(metrics: Registry): void {
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: HOUR_MS })
  for (const name of SAMPLED) metrics.removeSingleMetric(name)
  let before: EventLoopUtilization = performance.eventLoopUtilization()
  new Gauge({
    name: 'headwater_event_loop_busy_ratio',
    help: 'Share of the time since the last scrape in which the event loop had work, 0 to 1',
    registers: [metrics],
    collect() {
      const now = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(now, before).utilization)
      before = now
    },
  })
}
