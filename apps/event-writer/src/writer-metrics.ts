import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type PostgresStore } from '#event-store'

/** What says whether the writer keeps up. */
export function writerMetrics(metrics: Registry, store: PostgresStore): void {
  const registers = [metrics]
  new Gauge({
    name: 'headwater_writer_waiting',
    help: 'Appends waiting for their batch',
    registers,
    collect() {
      this.set(store.waiting)
    },
  })
  new Gauge({
    name: 'headwater_writer_leads',
    help: '1 while this instance is the serialized writer',
    registers,
    collect() {
      this.set(store.leads ? 1 : 0)
    },
  })
  const events = new Counter({ name: 'headwater_writer_events_total', help: 'Events committed', registers })
  const batches = new Counter({ name: 'headwater_writer_batches_total', help: 'Transactions committed', registers })
  const batchEvents = new Histogram({
    name: 'headwater_writer_batch_events',
    help: 'Events of one transaction',
    buckets: [1, 4, 16, 64, 256, 512, 1_024, 2_048, 4_096],
    registers,
  })
  const seconds = new Histogram({
    name: 'headwater_writer_seconds',
    help: 'Of the append that waited longest in each batch: until its transaction began, in the transaction, altogether',
    labelNames: ['stage'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  store.onTimes(({ queued_ms, commit_ms }) => {
    seconds.observe({ stage: 'queued' }, queued_ms / 1_000)
    seconds.observe({ stage: 'commit' }, commit_ms / 1_000)
    seconds.observe({ stage: 'total' }, (queued_ms + commit_ms) / 1_000)
  })
  store.onCommitted((batch) => {
    const count = Number(batch.position - batch.after)
    events.inc(count)
    batches.inc()
    batchEvents.observe(count)
  })
}
