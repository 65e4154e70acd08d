import { EventEmitter } from 'node:events'
import { Registry } from 'prom-client'
import { type PostgresStore } from '#event-store'
import { writerMetrics } from './writer-metrics.js'

/** What the metrics look at: a writer of three waiting appends that has committed thrice, once as much as it ever does. */
async function measured(): Promise<string> {
  const events = new EventEmitter()
  const store = {
    waiting: 3,
    leads: true,
    onTimes: (listener: (...args: unknown[]) => void) => void events.on('times', listener),
    onCommitted: (listener: (...args: unknown[]) => void) => void events.on('committed', listener),
  }
  const registry = new Registry()
  writerMetrics(registry, store as unknown as PostgresStore)
  events.emit('committed', { after: 0n, position: 5n })
  events.emit('committed', { after: 5n, position: 105n })
  events.emit('committed', { after: 105n, position: 4_201n })
  events.emit('times', { events: 5, queued_ms: 30, commit_ms: 4 })
  return registry.metrics()
}

test.each([
  ['headwater_writer_waiting 3'],
  ['headwater_writer_leads 1'],
  ['headwater_writer_events_total 4201'],
  ['headwater_writer_batches_total 3'],
  ['headwater_writer_batch_events_bucket{le="4"} 0'],
  ['headwater_writer_batch_events_bucket{le="16"} 1'],
  ['headwater_writer_batch_events_bucket{le="2048"} 2'],
  ['headwater_writer_batch_events_bucket{le="4096"} 3'],
  ['headwater_writer_batch_events_sum 4201'],
  ['headwater_writer_seconds_sum{stage="queued"} 0.03'],
  ['headwater_writer_seconds_sum{stage="commit"} 0.004'],
  ['headwater_writer_seconds_sum{stage="total"} 0.034'],
])('the writer tells of itself: %s', async (line) => {
  expect((await measured()).split('\n')).toContain(line)
})
