import { Registry } from 'prom-client'
import { processMetrics } from './process-metrics.js'

async function busy(metrics: Registry): Promise<number> {
  const found = (await metrics.getMetricsAsJSON()).find(({ name }) => name === 'headwater_event_loop_busy_ratio')
  return Number(found?.values[0]?.value)
}

test('the busy share is that of the time since the last scrape', async () => {
  const metrics = new Registry()
  processMetrics(metrics)
  await busy(metrics)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const idle = await busy(metrics)
  for (const end_ms = performance.now() + 100; performance.now() < end_ms;);
  const working = await busy(metrics)
  expect(idle).toBeGreaterThanOrEqual(0)
  expect(working).toBeGreaterThan(idle)
  expect(working).toBeLessThanOrEqual(1)
})

test('memory and processor are told, and nothing that a timer would have to sample', async () => {
  const metrics = new Registry()
  processMetrics(metrics)
  const names = (await metrics.getMetricsAsJSON()).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']))
  expect(names).not.toContain('nodejs_eventloop_lag_p99_seconds')
})
