import { Counter, Gauge, type Registry } from 'prom-client'
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
  store.onCommitted((batch) => {
    events.inc(Number(batch.position - batch.after))
    batches.inc()
  })
}
