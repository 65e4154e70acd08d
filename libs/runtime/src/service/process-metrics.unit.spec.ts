import { performance } from 'node:perf_hooks'
import { Registry } from 'prom-client'
import { processMetrics } from './process-metrics.js'

async function busy(metrics: Registry): Promise<number> {
  const found = (await metrics.getMetricsAsJSON()).find(({ name }) => name === 'headwater_event_loop_busy_ratio')
  return Number(found?.values[0]?.value)
}

test('the busy share is that of the time since the last scrape', async () => {
  const metrics = new Registry()
  const { eventLoopUtilization } = performance
  // Idle and active so far: before the first scrape, at the first, at the second.
  const times = [[900, 100] as const, [1_100, 900] as const, [1_400, 1_000] as const]
  const look = jest.spyOn(performance, 'eventLoopUtilization').mockImplementation((now, before) => {
    if (now) return eventLoopUtilization(now, before)
    const [idle, active] = times.shift() ?? [0, 0]
    return { idle, active, utilization: active / (idle + active) }
  })
  processMetrics(metrics)
  expect(await busy(metrics)).toBeCloseTo(0.8)
  expect(await busy(metrics)).toBeCloseTo(0.25)
  look.mockRestore()
})

test('memory and processor are told, and nothing that a timer would have to sample', async () => {
  const metrics = new Registry()
  processMetrics(metrics)
  const names = (await metrics.getMetricsAsJSON()).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']))
  expect(names).not.toContain('nodejs_eventloop_lag_p99_seconds')
})
