import 'reflect-metadata'
import { openPostgresSnapshots, Snapshots } from '#commands'
import { domains } from '#domains'
import { besideTheLog, connectEventStore, eventStoreSettings } from '#event-store'
import { Leadership } from '#leadership'
import { migrateProcesses, postgresCheckpoints, Reactor } from '#processes'
import { readModelSettings, startService } from '#runtime'
import { processMetrics, sentCounter } from './process-metrics.js'

const LEASE = 'reactor'

/** Runs the process managers of the installed domains. One instance owns them, others stand by. */
await startService('reactor', { ...eventStoreSettings, ...readModelSettings }, async (service) => {
  const { config, logger, health, metrics, endpoint, onStop } = service
  const { PRIMARY_URL: url, HEADWATER_INSTANCE: holder } = config
  endpoint('checkpoints', url)
  await migrateProcesses(url)
  const store = await connectEventStore(service, domains)
  const snapshots = new Snapshots({ store: openPostgresSnapshots({ ...besideTheLog(config), logger }), logger })
  onStop('snapshots', () => snapshots.close())
  const leadership = new Leadership({ url, schema: 'headwater', name: LEASE, holder, logger })
  const reactor = new Reactor({
    store,
    domains,
    leadership,
    snapshots,
    checkpoints: (epoch) => postgresCheckpoints({ url, lease: { name: LEASE, epoch }, logger }),
    logger,
    onSent: sentCounter(metrics),
  })
  onStop('leadership', () => leadership.close())
  onStop('process managers', () => reactor.close())
  leadership.start()
  reactor.status.forEach(({ name }, at) => {
    health.add(name, () => reactor.status[at]?.trouble)
    health.fact(`position of ${name}`, () => (reactor.status[at]?.position ?? 0n).toString())
    health.fact(`held back by ${name}`, () => String(reactor.status[at]?.heldBack ?? 0))
  })
  health.fact('leader', () => leadership.epoch !== undefined)
  processMetrics(metrics, reactor)
  class ReactorModule {}
  return { module: { module: ReactorModule } }
})
