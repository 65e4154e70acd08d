import { Gauge, type Registry } from 'prom-client'

/** What is open in this instance at this moment. */
export interface OpenNow {
  sockets(): number
  subscriptions(): number
  exports(): number
}

export function measureOpen(open: OpenNow, metrics: Registry): void {
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(value())
      },
    })
  gauge('headwater_live_sockets', 'Connected sockets', open.sockets)
  gauge('headwater_live_subscriptions', 'Open subscriptions', open.subscriptions)
  gauge('headwater_exports', 'Running exports', open.exports)
}
